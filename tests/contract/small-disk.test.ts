import { statfs } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openStore } from '#lib/store/open.ts';
import { bytesOf, chunksOf, codeOf, keysOf, never, sampleBytes } from './bytes.ts';
import { coverReadOnly, everythingIn, mountingIsImpossible, newDisk, remount } from './folders.ts';

describe.skipIf(mountingIsImpossible() !== null)('file store on a small disk', () => {
  it('that runs full while writing: fails with words, keeps nothing of it, and older artifacts are untouched', async () => {
    const disk = await newDisk(2 * 1024 * 1024);
    const store = await openStore(pathToFileURL(disk).href);
    const older = sampleBytes(500_000);
    const { uri } = await store.put('older', chunksOf(older, 100_000), never());
    const freeBefore = (await statfs(disk)).bfree;
    for (const key of ['a/too-large', 'too-large']) {
      const failure = store.put(key, chunksOf(sampleBytes(5_000_000), 100_000), never());
      await expect(failure).rejects.toMatchObject({ code: 'STORE_FULL', detail: expect.stringContaining(disk) });
    }
    expect(await everythingIn(disk)).toEqual(['older']);
    expect((await statfs(disk)).bfree).toBe(freeBefore);
    expect((await bytesOf(store, uri)).equals(older)).toBe(true);
    await store.put('a/fits', chunksOf(sampleBytes(1_000_000), 100_000), never());
    expect(await keysOf(store)).toEqual(['a/fits', 'older']);
  });

  it('that takes only a part of the last block is full, not a smaller file', async () => {
    const disk = await newDisk(1536 * 1024);
    const store = await openStore(pathToFileURL(disk).href);
    expect(await codeOf(store.put('k', chunksOf(sampleBytes(2 * 1024 * 1024), 100_000), never()))).toBe('STORE_FULL');
    expect(await everythingIn(disk)).toEqual([]);
  });

  it('that is full stops reading the source', async () => {
    const store = await openStore(pathToFileURL(await newDisk(2 * 1024 * 1024)).href);
    let given = 0;
    const endless = async function* () {
      for (;;) {
        yield Buffer.alloc(100_000);
        given += 100_000;
      }
    };
    expect(await codeOf(store.put('k', endless(), never()))).toBe('STORE_FULL');
    expect(given).toBeLessThan(6_000_000);
  });

  it('that has no room for another file: fails with words, and leaves no folder', async () => {
    const disk = await newDisk(1024 * 1024, 'nr_inodes=2'); // the root and one more: the folder
    const store = await openStore(pathToFileURL(disk).href);
    expect(await codeOf(store.put('a/b', chunksOf(sampleBytes(10), 10), never()))).toBe('STORE_FULL');
    expect(await everythingIn(disk)).toEqual([]);
  });

  it('that runs full while publishing: fails with words, and keeps neither name', async () => {
    const disk = await newDisk(1024 * 1024, 'nr_inodes=2'); // the root and the temporary file; its second name does not fit
    const store = await openStore(pathToFileURL(disk).href);
    expect(await codeOf(store.put('b', chunksOf(sampleBytes(10), 10), never()))).toBe('STORE_FULL');
    expect(await everythingIn(disk)).toEqual([]);
  });

  it('that is mounted read-only: fails to put and delete with words, and reads on', async () => {
    const disk = await newDisk(2 * 1024 * 1024);
    const store = await openStore(pathToFileURL(disk).href);
    const { uri } = await store.put('a/b', chunksOf(Buffer.from('kept'), 10), never());
    remount(disk, 'ro');
    for (const call of [
      () => store.put('a/c', chunksOf(sampleBytes(10), 10), never()),
      () => store.put('d/c', chunksOf(sampleBytes(10), 10), never()),
      () => store.delete(uri),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', detail: `${disk} is mounted read-only.` });
    }
    expect((await bytesOf(store, uri)).toString()).toBe('kept');
    const report = await store.selfTest();
    expect(report.filter(({ holds }) => !holds).length).toBeGreaterThan(0);
    expect(report[0]).toMatchObject({ holds: false, detail: expect.stringContaining('mounted read-only') });
    remount(disk, 'rw');
    await store.put('a/c', chunksOf(sampleBytes(10), 10), never());
    expect(await keysOf(store)).toEqual(['a/b', 'a/c']);
  });

  it('that turns read-only in the middle of a put: fails with words, and nothing of it is listed', async () => {
    const disk = await newDisk(4 * 1024 * 1024);
    const store = await openStore(pathToFileURL(disk).href);
    const source = async function* () {
      yield sampleBytes(10);
      coverReadOnly(disk);
    };
    await expect(store.put('k', source(), never())).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      detail: `${disk} is mounted read-only.`,
    });
    expect(await keysOf(store)).toEqual([]);
    expect(await everythingIn(disk)).toEqual([expect.stringMatching(/^\.k\..*\.partial$/)]); // could not be removed: what a sweep is for
  });
});
