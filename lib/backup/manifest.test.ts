import { beforeAll, describe, expect, it } from 'vitest';
import { textTable, writeWorkbook } from '#tests/support/memory-workbook.ts';
import { dataPartName, type Manifest, parseManifest, tableLabel } from './manifest.ts';

let manifest: Manifest;
beforeAll(async () => {
  ({ manifest } = await writeWorkbook([{ table: textTable('t', ['a'], 2), copy: 'x\ny\n' }]));
});

describe('the manifest', () => {
  it('comes back as it was written', () => {
    expect(parseManifest(JSON.stringify(manifest))).toEqual(manifest);
  });

  it('refuses a higher format before it looks at anything else', () => {
    expect(() => parseManifest('{"product":"backup-mode","format":7}')).toThrow(expect.objectContaining({ code: 'FORMAT_TOO_NEW' }));
  });

  it.each([
    ['no JSON', '{'],
    ['another product', '{"product":"other","format":1}'],
    ['no format', '{"product":"backup-mode"}'],
    ['nothing else', '{"product":"backup-mode","format":1}'],
    ['null', 'null'],
  ])('is damaged when it is %s', (_what, json) => {
    expect(() => parseManifest(json)).toThrow(expect.objectContaining({ code: 'BACKUP_DAMAGED' }));
  });

  it.each([
    ['a negative offset', (chunk: Manifest['tables'][number]['parts'][number]['chunks'][number]) => (chunk.offset = -1)],
    ['a half row', (chunk: { rows: number }) => (chunk.rows = 0.5)],
    ['a short hash', (chunk: { sha256: string }) => (chunk.sha256 = 'abc')],
  ])('is damaged by %s', (_what, change) => {
    const copy = structuredClone(manifest);
    change(copy.tables[0].parts[0].chunks[0]);
    expect(() => parseManifest(JSON.stringify(copy))).toThrow(expect.objectContaining({ code: 'BACKUP_DAMAGED' }));
  });

  it('names parts so that no two tables share one', () => {
    expect([dataPartName(1, 1), dataPartName(1, 2), dataPartName(12, 1)]).toEqual([
      'backup/data/1.copy',
      'backup/data/1.2.copy',
      'backup/data/12.copy',
    ]);
    expect(tableLabel({ schema: 'a', name: 'b.c' })).toBe('a.b.c');
  });
});
