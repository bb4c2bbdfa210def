import { afterEach, describe, expect, it } from 'vitest';
import { PART } from '#lib/backup/manifest.ts';
import { sourceOf, textTable, writeWorkbook } from '#tests/support/memory-workbook.ts';
import { openArchive, textOf } from './archive.ts';
import { openBackup } from './read.ts';
import type { WorkbookTable } from './workbook.ts';

let parts = new Map<string, string>();
afterEach(() => {
  parts = new Map();
});

async function write(tables: readonly { table: WorkbookTable; copy: string }[], options: Parameters<typeof writeWorkbook>[1] = {}) {
  const made = await writeWorkbook(tables, options);
  const { zip, entries } = await openArchive(sourceOf(made.file));
  for (const [name, entry] of entries) parts.set(name, await textOf(zip, entry));
  return made;
}

function sheet(number: number): string {
  return parts.get(`xl/worksheets/sheet${number}.xml`) ?? '';
}

function rowsOf(count: number): string {
  return Array.from({ length: count }, (_, n) => `${n}\tx\n`).join('');
}

describe('the sheets of a workbook', () => {
  it('show every row when all fit, with a filter over the real range', async () => {
    const { manifest } = await write([{ table: textTable('t', ['a', 'b'], 3), copy: rowsOf(3) }]);
    expect(sheet(3).match(/<row /g)).toHaveLength(4);
    expect(sheet(3)).toContain('<autoFilter ref="A1:B4"/>');
    expect(manifest.view).toEqual({ cellLimit: 3_000_000, isWhole: true });
    expect(manifest.tables[0].sheets).toEqual([{ name: 't', part: 'xl/worksheets/sheet3.xml', rows: 3 }]);
  });

  it('say in a coloured last row, on About and in the manifest what they leave out, and the backup is whole all the same', async () => {
    const { file, manifest } = await write([{ table: textTable('t', ['a', 'b'], 5000), copy: rowsOf(5000) }], { cellLimit: 20 });
    expect(sheet(3)).toContain('<t>10 of 5,000 rows shown; all are in the backup.</t>');
    expect(sheet(3)).toContain('<autoFilter ref="A1:B11"/>');
    expect(sheet(1)).toContain('10 of 5,000 rows shown; all are in the backup.');
    expect(manifest.tables[0]).toMatchObject({ rows: 5000, sheets: [{ rows: 10 }] });
    expect(manifest.view.isWhole).toBe(false);
    const backup = await openBackup(sourceOf(file));
    const rows = Buffer.concat(await Array.fromAsync(backup.rows(backup.table('t'))));
    expect(rows.toString()).toBe(rowsOf(5000));
  });

  it('show headers alone when no cell may be shown', async () => {
    await write([{ table: textTable('t', ['a'], 7), copy: rowsOf(7) }], { cellLimit: 0 });
    expect(sheet(3)).toContain('0 of 7 rows shown');
    expect(sheet(3).match(/<row /g)).toHaveLength(2);
  });

  it('never take more cells than allowed, whatever the estimates said', async () => {
    const tables = ['t', 'u', 'v'].map((name) => ({ table: textTable(name, ['a', 'b'], 0), copy: rowsOf(900) }));
    const { manifest } = await write(tables, { isEstimated: true, cellLimit: 2400 });
    expect(manifest.tables.map((table) => table.sheets[0].rows)).toEqual([900, 300, 0]);
    expect(sheet(4)).toContain('<t>300 of 900 rows shown; all are in the backup.</t>');
    expect(manifest.view.isWhole).toBe(false);
  });

  it('stay true when the count was an estimate that was far too low', async () => {
    const { manifest } = await write([{ table: textTable('t', ['a', 'b'], 1), copy: rowsOf(900) }], { isEstimated: true });
    expect(manifest.tables[0].sheets).toEqual([{ name: 't', part: 'xl/worksheets/sheet3.xml', rows: 900 }]);
  });

  it('are as wide as their headers and first values, and on as many pages side by side as can be read', async () => {
    const long = 'x'.repeat(500);
    await write([
      { table: textTable('narrow', ['id', 'a_rather_long_name'], 1), copy: '1\twords\n' },
      { table: textTable('wide', ['a', 'b', 'c', 'd'], 1), copy: `${long}\t${long}\t${long}\t${long}\n` },
      { table: textTable('empty', ['only'], 0), copy: '' },
    ]);
    const widths = (number: number): number[] =>
      Array.from(sheet(number).matchAll(/<col [^>]*width="(\d+)"/g), (match) => Number(match[1]));
    expect(widths(3)).toEqual([8, 22]);
    expect(widths(4)).toEqual([60, 60, 60, 60]);
    expect(widths(5)).toEqual([8]);
    expect(sheet(3)).toContain('fitToWidth="1"');
    expect(sheet(4)).toContain('fitToWidth="2"');
  });
});

describe('a workbook', () => {
  it('declares its own parts, asks to be opened read-only, and ends with the manifest', async () => {
    await write([{ table: textTable('t', ['a'], 1), copy: 'x\n' }]);
    const names = Array.from(parts.keys());
    expect([names[0], names.at(-1)]).toEqual(['[Content_Types].xml', PART.manifest]);
    expect(parts.get('xl/workbook.xml')).toContain('readOnlyRecommended="1"');
    for (const part of [...Object.values(PART), 'backup/data/1.copy']) expect(parts.get('_rels/.rels')).toContain(`Target="${part}"`);
    expect(parts.get(PART.schemaPre)).toBe('-- pre\n');
  });

  it('tells on About who, when and how much, what to mind, and links every sheet', async () => {
    await write([{ table: textTable("it's", ['a'], 1), copy: 'x\n' }], { facts: { warnings: ['A warning & more'] } });
    for (const words of [
      'Test &amp; “Söhne”',
      'Tuesday, 24 November 2026',
      'somebody',
      'A warning &amp; more',
      'Do not save over this file',
    ])
      expect(sheet(1)).toContain(words);
    expect(sheet(1)).toContain(`location="'it''s'!A1"`);
  });

  it('lists tables whose rows are left out, without a sheet', async () => {
    const { manifest } = await write([{ table: { ...textTable('left', ['a'], 9), dataLeftOut: 'by setting' }, copy: '' }]);
    expect(manifest.tables[0]).toMatchObject({ rows: 0, parts: [], sheets: [] });
    expect(sheet(1)).toContain('Definition only: by setting.');
    expect(sheet(2)).toContain('left');
  });

  it('never draws computed columns or sign-in data, and says where they are', async () => {
    const table = textTable('t', ['a', 'twice'], 1);
    const columns = table.columns.map((column, n) => (n === 1 ? { ...column, isGenerated: true, default: 'a || a' } : column));
    await write([
      { table: { ...table, columns }, copy: 'x\n' },
      { table: { ...textTable('users', ['hash'], 1, 'auth'), origin: 'managed' as const }, copy: 'secret-hash\n' },
    ]);
    expect(sheet(3)).not.toContain('twice');
    expect(sheet(2)).toContain('computed: a || a');
    expect(sheet(1)).toContain('Password hashes');
    const drawn = Array.from(parts).filter(([name]) => name.startsWith('xl/'));
    expect(drawn.filter(([, content]) => content.includes('secret-hash'))).toEqual([]);
  });
});
