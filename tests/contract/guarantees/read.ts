import { expect, it } from 'vitest';
import { bytesOf, chunksOf, codeOf, keysOf, never, sampleBytes } from '../bytes.ts';
import type { TheStore } from '../store.contract.ts';

/** Streams, ranges, size and time. */
export function reading(theStore: TheStore): void {
  it.each([
    ['the beginning', 0, 10],
    ['one byte', 700_000, 700_001],
    ['across blocks', 500_000, 1_600_000],
    ['the last byte', 1_999_999, 2_000_000],
    ['everything', 0, 2_000_000],
    ['past the end, which is cut', 1_999_000, 9_000_000],
    ['beyond the end, which is empty', 2_000_000, 2_000_010],
    ['no byte', 5, 5],
  ])('reads a range: %s', async (_, start, end) => {
    const bytes = sampleBytes(2_000_000);
    const { uri } = await theStore().put('k', chunksOf(bytes, 100_000), never());
    expect((await bytesOf(theStore(), uri, { start, end })).equals(bytes.subarray(start, end))).toBe(true);
  });

  it.each([
    [-1, 5],
    [5, 4],
    [0.5, 2],
    [0, Number.NaN],
    [0, Number.POSITIVE_INFINITY],
  ])('calls %s to %s a fault of the caller, not a range', async (start, end) => {
    const { uri } = await theStore().put('k', chunksOf(sampleBytes(10), 10), never());
    await expect(theStore().open(uri, { start, end })).rejects.toBeInstanceOf(RangeError);
  });

  it('serves many readers of one file at once', async () => {
    const bytes = sampleBytes(1_200_000);
    const { uri } = await theStore().put('k', chunksOf(bytes, 100_000), never());
    const copies = await Promise.all(Array.from({ length: 8 }, () => bytesOf(theStore(), uri)));
    expect(copies.every((copy) => copy.equals(bytes))).toBe(true);
  });

  it('lets a reader go in the middle, as often as wanted', async () => {
    const { uri } = await theStore().put('k', chunksOf(sampleBytes(2_000_000), 100_000), never());
    for (let reader = 0; reader < 200; reader++) {
      const stream = (await theStore().open(uri)).getReader();
      if (reader % 2 === 0) await stream.read();
      await stream.cancel();
    }
    expect(await bytesOf(theStore(), uri)).toHaveLength(2_000_000);
  });

  it('says size, name and time of a file', async () => {
    const before = Date.now();
    const { uri } = await theStore().put('a/b.xlsx', chunksOf(sampleBytes(1234), 100), never());
    const found = await theStore().stat(uri);
    expect(found).toMatchObject({ uri, key: 'a/b.xlsx', sizeBytes: 1234 });
    expect(Math.abs(found.modifiedAt.getTime() - before)).toBeLessThan(60_000);
  });

  it('says ARTIFACT_NOT_FOUND for a file that is not there', async () => {
    const { uri } = await theStore().put('a/b', chunksOf(sampleBytes(1), 1), never());
    for (const absent of [`${uri}x`, uri.replace(/b$/, 'c'), uri.replace(/a\/b$/, 'z/b'), `${uri}/deeper`, uri.replace(/\/b$/, '')]) {
      expect(await codeOf(theStore().open(absent)), absent).toBe('ARTIFACT_NOT_FOUND');
      expect(await codeOf(theStore().stat(absent)), absent).toBe('ARTIFACT_NOT_FOUND');
    }
  });
}

/** Listings. */
export function listing(theStore: TheStore): void {
  it('lists nothing when there is nothing', async () => {
    expect(await keysOf(theStore())).toEqual([]);
  });

  it('lists in the order of the names, by their beginning', async () => {
    const keys = ['a-b', 'a.b', 'a/b', 'a/b-c', 'a/bc/d', 'a/c', 'a0', 'b', 'A', '0/1/2/3'];
    for (const key of keys) await theStore().put(key, chunksOf(Buffer.from(key), 10), never());
    for (const prefix of ['', 'a', 'a/', 'a/b', 'a/bc/', 'a/bc/d', '0/1', 'b', 'x', 'a/b/', '../', '/']) {
      const expected = keys.filter((key) => key.startsWith(prefix)).sort();
      expect(await keysOf(theStore(), prefix), prefix).toEqual(expected);
    }
  });

  it('lists each file with the address, size and time that stat says', async () => {
    const { uri } = await theStore().put('a/b', chunksOf(sampleBytes(77), 10), never());
    for await (const listed of theStore().list('')) expect(listed).toEqual(await theStore().stat(uri));
  });

  it('goes on listing while files are deleted', async () => {
    for (const key of ['a/1', 'a/2', 'b/1', 'c']) await theStore().put(key, chunksOf(sampleBytes(1), 1), never());
    const seen: string[] = [];
    for await (const { key, uri } of theStore().list('')) {
      seen.push(key);
      await theStore().delete(uri);
    }
    expect(seen).toEqual(['a/1', 'a/2', 'b/1', 'c']);
    expect(await keysOf(theStore())).toEqual([]);
  });
}

/** Deletes. */
export function deleting(theStore: TheStore): void {
  it('deletes a file and no other', async () => {
    const { uri } = await theStore().put('a/b', chunksOf(sampleBytes(10), 10), never());
    await theStore().put('a/c', chunksOf(sampleBytes(10), 10), never());
    await theStore().delete(uri);
    expect(await keysOf(theStore())).toEqual(['a/c']);
    expect(await codeOf(theStore().open(uri))).toBe('ARTIFACT_NOT_FOUND');
    expect(await codeOf(theStore().stat(uri))).toBe('ARTIFACT_NOT_FOUND');
  });

  it('calls it a success to delete what is not there', async () => {
    const { uri } = await theStore().put('a/b', chunksOf(sampleBytes(10), 10), never());
    await Promise.all([theStore().delete(uri), theStore().delete(uri), theStore().delete(uri)]);
    await theStore().delete(uri);
    await theStore().delete(uri.replace(/\/b$/, ''));
  });

  it('takes the name again after the file was deleted', async () => {
    const { uri } = await theStore().put('a/b', chunksOf(Buffer.from('old'), 10), never());
    await theStore().delete(uri);
    expect((await theStore().put('a/b', chunksOf(Buffer.from('new'), 10), never())).uri).toBe(uri);
    expect((await bytesOf(theStore(), uri)).toString()).toBe('new');
  });

  it('puts and deletes in one folder at once without disturbing each other', async () => {
    const rounds = Array.from({ length: 4 }, async (_, writer) => {
      for (let round = 0; round < 25; round++) {
        const { uri } = await theStore().put(`shared/folder/${writer}`, chunksOf(sampleBytes(10), 10), never());
        await theStore().delete(uri);
      }
    });
    await Promise.all(rounds);
    expect(await keysOf(theStore())).toEqual([]);
  });
}
