import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, it } from 'vitest';
import { fromBufferPromise } from 'yauzl';
import { BackupError } from '#lib/backup/errors.ts';
import { PART } from '#lib/backup/manifest.ts';
import { flipped, sourceOf, textTable, writeWorkbook } from '#tests/support/memory-workbook.ts';
import { checkBackup } from './check.ts';
import { Outlet } from './outlet.ts';
import { openBackup } from './read.ts';
import { ZipWriter } from './zip.ts';

const COPY = Array.from({ length: 300 }, (_, n) => `${n}\tname ${n * 7919}\n`).join('');
let file: Buffer;
const signal = new AbortController().signal;

beforeAll(async () => {
  const made = await writeWorkbook([
    { table: textTable('first', ['id', 'name'], 300), copy: COPY },
    { table: textTable('second', ['a'], 0, 'other'), copy: '' },
    { table: textTable('first', ['a'], 1, 'other'), copy: 'x\n' },
  ]);
  file = made.file;
});

/** An archive of texts alone, the manifest last. */
async function archiveOf(parts: Record<string, string>): Promise<Buffer> {
  const outlet = new Outlet();
  const zip = new ZipWriter(outlet);
  for (const [name, content] of Object.entries(parts)) zip.add(name, content);
  zip.close();
  outlet.end();
  return Buffer.concat(await Array.fromAsync(outlet.bytes));
}

/** Where the bytes of an entry stand. */
async function placeOf(part: string): Promise<{ start: number; end: number }> {
  const zip = await fromBufferPromise(file, { lazyEntries: true, autoClose: false });
  for await (const entry of zip.eachEntry()) {
    if (entry.fileName !== part) continue;
    const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
    return { start: fileDataStart, end: fileDataStart + entry.compressedSize };
  }
  throw new Error(part);
}

describe('reading a backup', () => {
  it('gives back the exact rows of a table', async () => {
    const backup = await openBackup(sourceOf(file));
    expect(await text(Readable.from(backup.rows(backup.table('public.first'))))).toBe(COPY);
    expect(await text(Readable.from(backup.rows(backup.table('second'))))).toBe('');
  });

  it('finds a table by its name alone where only one has it, and names them all otherwise', async () => {
    const backup = await openBackup(sourceOf(file));
    expect(backup.table('second').schema).toBe('other');
    expect(() => backup.table('first')).toThrow(/could be: public.first, other.first/);
    expect(() => backup.table('none')).toThrow(/It has: public.first, other.second, other.first/);
  });

  it.each([
    ['nothing at all', () => Buffer.alloc(0)],
    ['a text', () => Buffer.from('a text '.repeat(100))],
    ['its first half', () => file.subarray(0, file.length / 2)],
    ['all but its last byte', () => file.subarray(0, -1)],
  ])('does not take %s for a backup', async (_what, bytes) => {
    await expect(openBackup(sourceOf(bytes()))).rejects.toMatchObject({ code: 'NOT_A_BACKUP' });
  });

  it('tells another workbook from a backup that was saved again', async () => {
    const workbook = '<sheets><sheet name="About"/><sheet name="Dictionary"/></sheets>';
    await expect(openBackup(sourceOf(await archiveOf({ 'xl/workbook.xml': workbook })))).rejects.toMatchObject({ code: 'BACKUP_RESAVED' });
    await expect(openBackup(sourceOf(await archiveOf({ 'xl/workbook.xml': '<sheets/>' })))).rejects.toMatchObject({ code: 'NOT_A_BACKUP' });
    await expect(openBackup(sourceOf(await archiveOf({ 'a.txt': 'a' })))).rejects.toMatchObject({ code: 'NOT_A_BACKUP' });
  });

  it('refuses a backup whose parts were packed anew, though all are there', async () => {
    const { manifest } = await openBackup(sourceOf(file));
    const packed = await archiveOf({ [PART.manifest]: JSON.stringify(manifest), '[Content_Types].xml': '<Types/>' });
    await expect(openBackup(sourceOf(packed))).rejects.toMatchObject({ code: 'BACKUP_RESAVED' });
  });

  it('refuses a newer format by its number', async () => {
    const newer = await archiveOf({ [PART.manifest]: '{"product":"backup-mode","format":2,"everything":"else"}' });
    await expect(openBackup(sourceOf(newer))).rejects.toMatchObject({
      code: 'FORMAT_TOO_NEW',
      detail: expect.stringContaining('format 2'),
    });
  });

  it('hands on nothing of a chunk of which one bit is wrong, and names it', async () => {
    const { manifest } = await openBackup(sourceOf(file));
    const { offset, length } = manifest.tables[0].parts[0].chunks[0];
    for (let at = offset; at < offset + length; at += 97) {
      const backup = await openBackup(sourceOf(flipped(file, at)));
      const reading = text(Readable.from(backup.rows(backup.table('public.first'))));
      await expect(reading).rejects.toMatchObject({ code: 'BACKUP_DAMAGED', detail: expect.stringContaining('backup/data/1.copy') });
    }
  });

  it('finds any wrong bit of the manifest', async () => {
    const { start, end } = await placeOf(PART.manifest);
    for (let at = start; at < end; at += 41) {
      await expect(openBackup(sourceOf(flipped(file, at)))).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
    }
  });

  it('passes on the error of the place where the file lies, and does not call the file damaged', async () => {
    const gone = new BackupError('STORE_UNAVAILABLE', 'the disk');
    const source = { sizeBytes: file.length, open: () => Promise.reject(gone) };
    await expect(openBackup(source)).rejects.toBe(gone);
  });
});

describe('the check of a backup', () => {
  it('counts what is there', async () => {
    expect(await checkBackup(sourceOf(file), signal)).toMatchObject({ tables: 3, rows: 301, sizeBytes: file.length });
  });

  it('finds a wrong bit in every part of the file, and names the part', async () => {
    const zip = await fromBufferPromise(file, { lazyEntries: true });
    const names = (await Array.fromAsync(zip.eachEntry())).map((entry) => entry.fileName);
    expect(names.length).toBeGreaterThan(15);
    for (const name of names) {
      const { start, end } = await placeOf(name);
      if (end - start <= 2) continue; // an empty part: nothing but the end mark
      const checking = checkBackup(sourceOf(flipped(file, start + Math.floor((end - start) / 2))), signal);
      await expect(checking, name).rejects.toMatchObject({ code: 'BACKUP_DAMAGED', detail: expect.stringContaining(name) });
    }
  });
});
