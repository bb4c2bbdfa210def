import { describe, expect, it } from 'vitest';
import { type Fault, faultyStore } from '#lib/store/faulty/faulty-store.ts';
import { memoryStore } from '#lib/store/memory/memory-store.ts';
import { openStore } from '#lib/store/open.ts';
import { tryGuarantees } from '#lib/store/self-test.ts';
import type { ArtifactStore } from '#lib/store/store.ts';
import { bytesOf, chunksOf, codeOf, keysOf, never, sampleBytes } from './bytes.ts';
import { everythingIn, newFolder } from './folders.ts';

const BYTES = sampleBytes(300_000);

/** A sound store with one artifact, and the same store seen through faults. */
async function stores(...faults: readonly Fault[]) {
  const sound = memoryStore();
  const { uri } = await sound.put('a', chunksOf(BYTES, 100_000), never());
  return { sound, faulty: faultyStore(sound, faults), uri };
}

function put(store: ReturnType<typeof faultyStore>, key: string) {
  return store.put(key, chunksOf(BYTES, 100_000), never());
}

describe('a store with planned faults', () => {
  it.each([0, 1, 99_999, 100_000, 250_000, 299_999])('breaks a put at byte %i, and the store below keeps nothing of it', async (atByte) => {
    const { sound, faulty } = await stores({ on: 'put', how: 'cut', atByte });
    expect(await codeOf(put(faulty, 'b'))).toBe('STORE_UNAVAILABLE');
    expect(await keysOf(sound)).toEqual(['a']);
  });

  it('breaks a put into a folder in the middle, and nothing is left in it', async () => {
    const root = await newFolder();
    const faulty = faultyStore(await openStore(`file://${root}`), [{ on: 'put', how: 'cut', atByte: 250_000, code: 'STORE_FULL' }]);
    expect(await codeOf(put(faulty, 'a/b'))).toBe('STORE_FULL');
    expect(await everythingIn(root)).toEqual([]);
  });

  it.each([0, 150_000, 299_999])('breaks a read at byte %i, after the bytes before it', async (atByte) => {
    const { faulty, uri } = await stores({ on: 'open', how: 'cut', atByte });
    const got: Uint8Array[] = [];
    const reading = async () => {
      for await (const chunk of await faulty.open(uri)) got.push(chunk);
    };
    expect(await codeOf(reading())).toBe('STORE_UNAVAILABLE');
    expect(Buffer.concat(got).equals(BYTES.subarray(0, atByte))).toBe(true);
  });

  it('fails on the first read only', async () => {
    const { faulty, uri } = await stores({ on: 'open', how: 'cut', atByte: 100, times: 1 });
    expect(await codeOf(bytesOf(faulty, uri))).toBe('STORE_UNAVAILABLE');
    expect((await bytesOf(faulty, uri)).equals(BYTES)).toBe(true);
  });

  it.each(['put', 'open', 'stat', 'list', 'delete'] as const)('refuses %s, as often as planned, and does nothing then', async (on) => {
    const { sound, faulty, uri } = await stores({ on, how: 'refuse', times: 2, code: 'STORE_FULL' });
    const calls = {
      put: () => put(faulty, 'b'),
      open: () => bytesOf(faulty, uri),
      stat: () => faulty.stat(uri),
      list: () => keysOf(faulty),
      delete: () => faulty.delete(uri),
    };
    expect(await codeOf(calls[on]())).toBe('STORE_FULL');
    expect(await codeOf(calls[on]())).toBe('STORE_FULL');
    expect(await keysOf(sound)).toEqual(['a']);
    expect(await codeOf(calls[on]())).toBe('no error');
  });

  it('loses the reply of a put that succeeded', async () => {
    const { sound, faulty } = await stores({ on: 'put', how: 'lose reply' });
    expect(await codeOf(put(faulty, 'b'))).toBe('STORE_UNAVAILABLE');
    expect(await keysOf(sound)).toEqual(['a', 'b']);
  });

  it('loses the reply of a delete that succeeded', async () => {
    const { sound, faulty, uri } = await stores({ on: 'delete', how: 'lose reply' });
    expect(await codeOf(faulty.delete(uri))).toBe('STORE_UNAVAILABLE');
    expect(await keysOf(sound)).toEqual([]);
  });

  it('turns one bit of what is read, and of what is kept', async () => {
    const reading = await stores({ on: 'open', how: 'flip', atByte: 123_456 });
    const read = await bytesOf(reading.faulty, reading.uri);
    expect(read[123_456]).toBe((BYTES[123_456] ?? 0) ^ 1);
    expect((await bytesOf(reading.sound, reading.uri)).equals(BYTES)).toBe(true);
    const writing = await stores({ on: 'put', how: 'flip', atByte: 0 });
    expect((await bytesOf(writing.sound, (await put(writing.faulty, 'b')).uri)).equals(BYTES)).toBe(false);
  });

  it('answers slowly', async () => {
    const { faulty, uri } = await stores({ on: 'stat', how: 'slow', delayMilliseconds: 60 });
    const start = performance.now();
    await faulty.stat(uri);
    expect(performance.now() - start).toBeGreaterThan(50);
  });

  it('can be aborted while it is slow', async () => {
    const { sound, faulty } = await stores({ on: 'put', how: 'slow', delayMilliseconds: 40 });
    await expect(faulty.put('b', chunksOf(BYTES, 10_000), AbortSignal.timeout(100))).rejects.toThrow('timeout');
    expect(await keysOf(sound)).toEqual(['a']);
  });
});

describe('the self-test of a sick store', () => {
  it.each<[string, Fault, string]>([
    ['loses bytes', { on: 'open', how: 'flip', atByte: 500 }, 'A file is kept and comes back byte for byte'],
    ['refuses reads', { on: 'open', how: 'refuse' }, 'A range of a file can be read'],
    ['refuses writes', { on: 'put', how: 'refuse' }, 'A file is kept and comes back byte for byte'],
    ['refuses stat', { on: 'stat', how: 'refuse' }, 'Size and sha256 of a kept file are right'],
    ['refuses to list', { on: 'list', how: 'refuse' }, 'A kept file is listed'],
    ['refuses deletes', { on: 'delete', how: 'refuse', times: 1 }, 'A file can be deleted, also twice'],
  ])('that %s says so and still leaves nothing', async (_, fault, guarantee) => {
    const { sound, faulty } = await stores(fault);
    const failed = (await faulty.selfTest()).filter(({ holds }) => !holds);
    expect(failed.map((line) => line.guarantee)).toContain(guarantee);
    expect(failed.every(({ detail }) => detail !== '')).toBe(true);
    if (fault.on !== 'list') expect(await keysOf(sound)).toEqual(['a']);
  });

  it('says which guarantee a store that overwrites does not keep', async () => {
    const store = memoryStore();
    const careless: ArtifactStore = {
      scheme: store.scheme,
      features: store.features,
      put: async (key, bytes, signal) => {
        for await (const { uri } of store.list(key)) await store.delete(uri);
        return store.put(key, bytes, signal);
      },
      open: (uri, range) => store.open(uri, range),
      stat: (uri) => store.stat(uri),
      list: (prefix) => store.list(prefix),
      delete: (uri) => store.delete(uri),
      selfTest: () => tryGuarantees(careless),
    };
    const report = await careless.selfTest();
    expect(report.filter(({ holds }) => !holds).map(({ guarantee }) => guarantee)).toEqual(['A file is never overwritten']);
    expect(await keysOf(store)).toEqual([]);
  });
});
