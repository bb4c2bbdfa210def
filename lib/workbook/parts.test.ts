import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { constants, inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashRow, RowDigest } from '#lib/backup/digest.ts';
import { SlotPool } from './deflate.ts';
import { rowEndsOf } from './one-table.ts';
import { Outlet } from './outlet.ts';
import { TableParts, type WrittenTable } from './parts.ts';
import { ZipWriter } from './zip.ts';

/** Writes a table whose rows come in pieces of about `pieceBytes`. */
async function write(copy: Buffer, pieceBytes = 64 << 10, partMaxBytes?: number): Promise<{ file: Buffer; table: WrittenTable }> {
  const outlet = new Outlet();
  const reading = buffer(outlet.bytes);
  const zip = new ZipWriter(outlet);
  const pool = new SlotPool();
  const parts = new TableParts(zip, outlet, pool, 1, partMaxBytes);
  const ends = rowEndsOf(copy);
  for (let first = 0; first < ends.length; ) {
    const start = first === 0 ? 0 : ends[first - 1];
    let last = first;
    while (last + 1 < ends.length && ends[last + 1] - start <= pieceBytes) last++;
    const piece = copy.subarray(start, ends[last]);
    parts.rows(
      piece,
      Uint32Array.from(ends.subarray(first, last + 1), (end) => end - start),
      last + 1 - first,
    );
    while (pool.isEmpty) await pool.freed();
    first = last + 1;
  }
  const table = await parts.end();
  zip.close();
  outlet.end();
  return { file: await reading, table };
}

/** Rows that look like a table's: a number, a few words, a number. */
function rows(count: number, seed = 1): Buffer {
  let state = seed;
  const next = (): number => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0);
  return Buffer.from(Array.from({ length: count }, (_, n) => `${n}\t${'word '.repeat(next() % 40)}\t${next()}\n`).join(''));
}

function digestOf(copy: Buffer): RowDigest {
  const digest = new RowDigest();
  const view = new DataView(copy.buffer, copy.byteOffset, copy.length);
  const hash = new Uint32Array(4);
  let start = 0;
  for (const end of rowEndsOf(copy)) {
    hashRow(copy, view, start, end - 1, hash);
    digest.add(hash);
    start = end;
  }
  return digest;
}

function chunksOf({ file, table }: { file: Buffer; table: WrittenTable }) {
  return table.parts.flatMap((part) =>
    part.chunks.map((chunk) => {
      const stored = file.subarray(chunk.offset, chunk.offset + chunk.length);
      return { ...chunk, stored, raw: inflateRawSync(stored, { finishFlush: constants.Z_SYNC_FLUSH }) };
    }),
  );
}

describe('a table’s data parts', () => {
  it('are chunks of whole rows, each found by its offset, hashed, counted and summed alone', async () => {
    const copy = rows(60_000);
    const written = await write(copy);
    const chunks = chunksOf(written);
    expect(chunks.length).toBeGreaterThan(5);
    expect(Buffer.concat(chunks.map((chunk) => chunk.raw)).equals(copy)).toBe(true);
    let firstRow = 0;
    const sum = new RowDigest();
    for (const chunk of chunks) {
      expect(chunk.raw.at(-1)).toBe(10);
      expect(chunk.firstRow).toBe(firstRow);
      expect(chunk.rawLength).toBe(chunk.raw.length);
      expect(chunk.rawLength).toBeLessThanOrEqual(1 << 20);
      expect(chunk.sha256).toBe(createHash('sha256').update(chunk.stored).digest('hex'));
      const digest = digestOf(chunk.raw);
      expect([chunk.rows, chunk.digest]).toEqual([digest.rows, digest.toString()]);
      sum.merge(digest);
      firstRow += chunk.rows;
    }
    for (const chunk of chunks.slice(0, -1)) expect(chunk.rawLength).toBeGreaterThanOrEqual(128 << 10);
    expect([written.table.rows, written.table.digest, written.table.sizeBytes]).toEqual([60_000, sum.toString(), copy.length]);
    expect(sum.toString()).toBe(digestOf(copy).toString());
  });

  it('are cut at the same rows however the bytes come in', async () => {
    const copy = rows(20_000);
    const [one, other] = [await write(copy, 1000), await write(copy, 1 << 20)];
    expect(one.table).toEqual(other.table);
  });

  it('are cut at the same rows again soon after rows that were put in front', async () => {
    const copy = rows(60_000);
    const before = chunksOf(await write(copy)).map((chunk) => chunk.sha256);
    const after = new Set(chunksOf(await write(Buffer.concat([rows(600, 9), copy]))).map((chunk) => chunk.sha256));
    const kept = before.filter((sha256) => after.has(sha256));
    expect(kept.length).toBeGreaterThanOrEqual(before.length - 2);
  });

  it('go on in another part before the limit of a zip entry', async () => {
    const copy = rows(60_000);
    const written = await write(copy, 64 << 10, 2 << 20);
    expect(written.table.parts.map((part) => part.name)).toEqual(
      written.table.parts.map((_, n) => (n === 0 ? 'backup/data/1.copy' : `backup/data/1.${n + 1}.copy`)),
    );
    expect(written.table.parts.length).toBeGreaterThan(2);
    for (const part of written.table.parts) expect(part.rawLength).toBeLessThanOrEqual(2 << 20);
    expect(Buffer.concat(chunksOf(written).map((chunk) => chunk.raw)).equals(copy)).toBe(true);
  });

  it('hold a row that is larger than any chunk, in a chunk of its own', async () => {
    const copy = Buffer.concat([rows(10), Buffer.from(`${'x'.repeat(3 << 20)}\n`), rows(10, 2)]);
    const written = await write(copy);
    const chunks = chunksOf(written);
    expect(chunks.map((chunk) => chunk.rows)).toEqual([10, 1, 10]);
    expect(Buffer.concat(chunks.map((chunk) => chunk.raw)).equals(copy)).toBe(true);
  });

  it('are one empty part for a table without rows', async () => {
    const { table } = await write(Buffer.alloc(0));
    expect(table).toEqual({
      rows: 0,
      sizeBytes: 0,
      digest: '0'.repeat(32),
      parts: [{ name: 'backup/data/1.copy', rawLength: 0, chunks: [] }],
    });
  });

  it('give every row back for any lengths of rows and pieces', async () => {
    const lengths = fc.array(fc.oneof(fc.nat(300), fc.integer({ min: 100_000, max: 300_000 }), fc.constant((1 << 20) + 5)), {
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(lengths, fc.integer({ min: 1, max: 2 << 20 }), async (sizes, pieceBytes) => {
        const copy = Buffer.from(sizes.map((size, n) => `${String(n).repeat(size).slice(0, size)}\n`).join(''));
        const written = await write(copy, pieceBytes);
        expect(Buffer.concat(chunksOf(written).map((chunk) => chunk.raw)).equals(copy)).toBe(true);
        expect(written.table.digest).toBe(digestOf(copy).toString());
      }),
      { numRuns: 40 },
    );
  });
});
