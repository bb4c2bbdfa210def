import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { bytesOf, chunksOf, codeOf, hangAfter, keysOf, never, sampleBytes } from '../bytes.ts';
import type { TheStore } from '../store.contract.ts';

/** What is put comes back. */
export function keeping(theStore: TheStore): void {
  it('gives back every byte, with the right size and sha256', async () => {
    const bytes = sampleBytes(3_000_001);
    const artifact = await theStore().put('a/b.xlsx', chunksOf(bytes, 70_001), never());
    expect(artifact.sizeBytes).toBe(bytes.length);
    expect(artifact.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(artifact.uri.startsWith(`${theStore().scheme}://`)).toBe(true);
    expect((await bytesOf(theStore(), artifact.uri)).equals(bytes)).toBe(true);
  });

  it.each([1, 1023, 262_144, 1_048_576, 1_048_577, 5_000_000])('gives back every byte when chunks are of %i bytes', async (chunkBytes) => {
    const bytes = sampleBytes(chunkBytes < 1000 ? 5_000 : 2_500_000);
    const { uri, sha256 } = await theStore().put('k', chunksOf(bytes, chunkBytes), never());
    expect(sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect((await bytesOf(theStore(), uri)).equals(bytes)).toBe(true);
  });

  it('keeps a file of no bytes', async () => {
    const { uri, sizeBytes } = await theStore().put('empty', chunksOf(Buffer.alloc(0), 1), never());
    expect(sizeBytes).toBe(0);
    expect(await bytesOf(theStore(), uri)).toHaveLength(0);
    expect(await keysOf(theStore())).toEqual(['empty']);
  });

  it('does not mind that the source uses the memory of a chunk again', async () => {
    const lent = async function* () {
      const chunk = Buffer.alloc(300_000);
      for (const fill of [1, 2, 3, 4, 5]) yield chunk.fill(fill);
    };
    const { uri } = await theStore().put('k', lent(), never());
    const expected = Buffer.concat([1, 2, 3, 4, 5].map((fill) => Buffer.alloc(300_000, fill)));
    expect((await bytesOf(theStore(), uri)).equals(expected)).toBe(true);
  });

  it('keeps two files whose names differ only in their folder', async () => {
    const first = await theStore().put('a/x', chunksOf(Buffer.from('first'), 2), never());
    const second = await theStore().put('b/x', chunksOf(Buffer.from('second'), 2), never());
    expect((await bytesOf(theStore(), first.uri)).toString()).toBe('first');
    expect((await bytesOf(theStore(), second.uri)).toString()).toBe('second');
  });
}

/** A file appears whole, and never in the place of another. */
export function publishing(theStore: TheStore): void {
  it('shows nothing of a file before it is whole', async () => {
    const seen: string[][] = [];
    const watching = async function* () {
      for (let part = 0; part < 3; part++) {
        yield sampleBytes(1_500_000);
        seen.push(await keysOf(theStore()));
      }
    };
    await theStore().put('a/k', watching(), never());
    expect(seen).toEqual([[], [], []]);
    expect(await keysOf(theStore())).toEqual(['a/k']);
  });

  it('never overwrites a file', async () => {
    const { uri } = await theStore().put('k', chunksOf(Buffer.from('kept'), 10), never());
    expect(await codeOf(theStore().put('k', chunksOf(Buffer.from('new'), 10), never()))).toBe('ARTIFACT_EXISTS');
    expect((await bytesOf(theStore(), uri)).toString()).toBe('kept');
  });

  it('does not overwrite a file that appeared while another was being written', async () => {
    const overtaken = async function* () {
      yield Buffer.from('slow');
      await theStore().put('k', chunksOf(Buffer.from('fast'), 10), never());
      yield Buffer.from('slow');
    };
    expect(await codeOf(theStore().put('k', overtaken(), never()))).toBe('ARTIFACT_EXISTS');
    expect(await keysOf(theStore())).toEqual(['k']);
    for await (const { uri } of theStore().list('k')) expect((await bytesOf(theStore(), uri)).toString()).toBe('fast');
  });

  it('lets exactly one of ten concurrent writers of one name win, and keeps that one whole', async () => {
    const writers = Array.from({ length: 10 }, (_, writer) =>
      theStore().put('a/k', chunksOf(Buffer.alloc(600_000, writer), 50_000), never()),
    );
    const outcomes = await Promise.all(writers.map((writer) => codeOf(writer)));
    expect(outcomes.filter((code) => code === 'ARTIFACT_EXISTS')).toHaveLength(9);
    const winner = outcomes.indexOf('no error');
    for await (const { uri } of theStore().list(''))
      expect((await bytesOf(theStore(), uri)).equals(Buffer.alloc(600_000, winner))).toBe(true);
    expect(await keysOf(theStore())).toEqual(['a/k']);
  });
}

/** What fails or is aborted leaves nothing. */
export function stopping(theStore: TheStore): void {
  it('keeps nothing when the source fails, and passes its error on as it is', async () => {
    const failure = new Error('the source broke');
    const failing = async function* () {
      yield sampleBytes(2_000_000);
      throw failure;
    };
    await expect(theStore().put('a/k', failing(), never())).rejects.toBe(failure);
    expect(await keysOf(theStore())).toEqual([]);
  });

  it('takes the same name after a failure', async () => {
    const failing = async function* () {
      yield Buffer.from('half');
      throw new Error('broke');
    };
    await theStore()
      .put('a/k', failing(), never())
      .catch(() => {});
    const { uri } = await theStore().put('a/k', chunksOf(Buffer.from('whole'), 2), never());
    expect((await bytesOf(theStore(), uri)).toString()).toBe('whole');
  });

  it('does not touch the source when it was aborted before', async () => {
    let isTouched = false;
    const source = async function* () {
      isTouched = true;
      yield Buffer.from('x');
    };
    await expect(theStore().put('a/k', source(), AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
    expect(isTouched).toBe(false);
    expect(await keysOf(theStore())).toEqual([]);
  });

  it('keeps nothing when it is aborted in the middle, and closes the source', async () => {
    const abort = new AbortController();
    let isClosed = false;
    const source = async function* () {
      try {
        for (;;) {
          yield sampleBytes(700_000);
          abort.abort(new Error('cancelled'));
        }
      } finally {
        isClosed = true;
      }
    };
    await expect(theStore().put('a/k', source(), abort.signal)).rejects.toThrow('cancelled');
    await Promise.resolve();
    expect(isClosed).toBe(true);
    expect(await keysOf(theStore())).toEqual([]);
  });

  it('keeps nothing when it is aborted after the last chunk', async () => {
    const abort = new AbortController();
    const source = async function* () {
      yield sampleBytes(1000);
      abort.abort(new Error('cancelled at the end'));
    };
    await expect(theStore().put('k', source(), abort.signal)).rejects.toThrow('cancelled at the end');
    expect(await keysOf(theStore())).toEqual([]);
  });

  it('ends at once when it is aborted while the source hangs', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(new Error('cancelled')), 50);
    await expect(theStore().put('a/k', hangAfter(sampleBytes(2_000_000)), abort.signal)).rejects.toThrow('cancelled');
    expect(await keysOf(theStore())).toEqual([]);
  });
}
