import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fromBufferPromise } from 'yauzl';
import { memoryStore } from '#lib/store/memory/memory-store.ts';
import { createDatabase, type TestDatabase } from '#tests/support/postgres.ts';
import { backUpAndOpen, type Choice, createBulk, linesIn, newFolder } from './backing-up.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** What `npm test -- --long` sets: three times the data. */
const isLong = process.env.PALIAD_TEST_LONG === '1';
/** Rows of a sheet below its header. */
const SHEET_ROWS = 1_048_575;
const CELL_UNITS = 32_767;
let database: TestDatabase;

beforeEach(async () => {
  database = await createDatabase();
});
afterEach(() => database.drop());

/** Backs up and gives, beside the reader, the text of a part of the file. */
async function backUpAndUnzip(choice: Choice = {}) {
  const store = memoryStore();
  const made = await backUpAndOpen(database.url, { ...choice, store });
  const whole = Buffer.from(await new Response(await store.open(made.artifact.uri)).arrayBuffer());
  const part = async (name: string): Promise<string> => {
    const zip = await fromBufferPromise(whole, { lazyEntries: true, autoClose: false });
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName === name) return (await buffer(await zip.openReadStreamPromise(entry))).toString();
    }
    return expect.fail(`no ${name}`);
  };
  return { ...made, part };
}

function countRows(sheet: string): number {
  return sheet.split('<row ').length - 1;
}

describe('the limits of a sheet', () => {
  it('a table with more rows than a sheet goes on in another one; no row is missing, none is there twice', async () => {
    await database.client.query(`create table long as select i from generate_series(1, ${SHEET_ROWS + 3}) i`);
    const { reader, part } = await backUpAndUnzip({ cellLimit: 3_000_000 });
    const table = reader.table('long');
    expect(table.rows).toBe(SHEET_ROWS + 3);
    expect(table.sheets.map(({ name, rows }) => [name, rows])).toEqual([
      ['long', SHEET_ROWS],
      ['long (2)', 3],
    ]);
    expect(countRows(await part(table.sheets[0].part))).toBe(SHEET_ROWS + 1);
    const second = await part(table.sheets[1].part);
    expect([...second.matchAll(/<v>(\d+)<\/v>/g)].map(([, value]) => Number(value))).toEqual([1, 2, 3].map((n) => SHEET_ROWS + n));
  });

  it('a row too many for the setting shortens the sheet, says so in it, and is in the backup', async () => {
    await database.client.query('create table one (i int); insert into one select generate_series(1, 101)');
    const { reader, part, manifest } = await backUpAndUnzip({ cellLimit: 100 });
    const [sheet] = reader.table('one').sheets;
    expect({ rows: sheet.rows, isWhole: manifest.view.isWhole, kept: (await linesIn(reader, 'one')).length }).toEqual({
      rows: 100,
      isWhole: false,
      kept: 101,
    });
    expect(await part(sheet.part)).toContain('100 of 101 rows shown; all are in the backup.');
  });

  it('no cell at all is a limit, too: the sheets are empty, the backup is whole', async () => {
    await database.client.query('create table one (i int); insert into one select generate_series(1, 100)');
    const { reader } = await backUpAndUnzip({ cellLimit: 0 });
    expect(reader.table('one').sheets[0].rows).toBe(0);
    expect(await linesIn(reader, 'one')).toHaveLength(100);
  });

  it('1,600 columns, and 500 tables, each with its sheet', async () => {
    const columns = Array.from({ length: 1600 }, (_, n) => `c${n} int2 default ${n}`);
    await database.client.query(`create table wide (${columns.join(', ')}); insert into wide default values`);
    const tables = Array.from({ length: 500 }, (_, n) => `create table t${n} (id int primary key); insert into t${n} values (${n});`);
    for (let n = 0; n < 500; n += 50) await database.client.query(tables.slice(n, n + 50).join(''));
    const { reader, manifest, part } = await backUpAndUnzip({ cellLimit: 3_000_000 });
    expect(manifest.tables).toHaveLength(501);
    expect(manifest.tables.every((table) => table.rows === 1 && table.sheets[0].rows === 1)).toBe(true);
    expect(await linesIn(reader, 't499')).toEqual(['499']);
    expect(await part(reader.table('wide').sheets[0].part)).toMatch(/<c r="BIN2"[^>]*><v>1599<\/v><\/c><\/row>/);
  });

  it('a text of 16 MB in a row of 32 MB: the cell is cut and marked, the backup has every letter; 300 line feeds are shown as they are', async () => {
    await database.client.query(`create table deep (id int, a text, b text, c text);
      insert into deep select 1, repeat('ä', 8 * 1024 * 1024), repeat('x', 16 * 1024 * 1024), repeat(E'z\\n', 300)`);
    const { reader, part } = await backUpAndUnzip();
    const [line] = await linesIn(reader, 'deep');
    expect(line).toBe(`1\t${'ä'.repeat(8 << 20)}\t${'x'.repeat(16 << 20)}\t${'z\\n'.repeat(300)}`);
    const cells = [...(await part(reader.table('deep').sheets[0].part)).matchAll(/<t xml:space="preserve">([^<]*)<\/t>|<t>([^<]*)<\/t>/g)];
    const texts = cells.map(([, kept, plain]) => kept ?? plain).slice(4);
    expect(texts).toHaveLength(3);
    expect(texts[2]).toBe('z\n'.repeat(300)); // more than Excel's stated 253 line feeds: nothing of the value is changed for it
    for (const text of texts) expect(text.length).toBeLessThanOrEqual(CELL_UNITS);
    expect(texts[0].slice(0, 30_000)).toBe('ä'.repeat(30_000));
    expect(texts[0]).not.toMatch(/ä$/); // its end says that more is in the backup
    expect(texts[1]).not.toMatch(/x$/);
  });
});

describe('memory', () => {
  // Fewer rows would end before the process has grown to its steady size.
  const rows = isLong ? 600_000 : 300_000;

  /** Peak of the process that `paliad backup` is, in MB. */
  async function peakOf(count: number): Promise<number> {
    await database.client.query('drop table if exists bulk');
    await createBulk(database.client, count);
    const told = 'data:text/javascript,process.on("exit",()=>process.stderr.write("\\nPEAK "+process.resourceUsage().maxRSS+"\\n"))';
    const out = join(await newFolder(), 'out.xlsx');
    const words = ['--import', told, 'scripts/paliad.ts', 'backup', '--database-url', database.url, '--out', out];
    const { stderr } = await promisify(execFile)(join(ROOT, 'node_modules/.bin/node'), words, { cwd: ROOT });
    return Number(/PEAK (\d+)/.exec(stderr)?.[1]) / 1024;
  }

  it(`does not grow with the data: ${rows} rows and three times as many`, { timeout: 300_000 }, async () => {
    const once = await peakOf(rows);
    const thrice = await peakOf(rows * 3);
    console.log(
      `Peak memory: ${once.toFixed(0)} MB for ${rows} rows (${(rows * 0.00033).toFixed(0)} MB), ${thrice.toFixed(0)} MB for three times as many.`,
    );
    expect(thrice - once).toBeLessThan(20);
  });
});
