import { describe, expect, it } from 'vitest';
import { untilAborted } from './intake.ts';

async function* counting(closed: () => void, count = Number.POSITIVE_INFINITY): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for (let part = 0; part < count; part++) yield Uint8Array.of(part);
  } finally {
    closed();
  }
}

describe('reading a source until it is aborted', () => {
  it('gives all chunks in order and leaves no listener on the signal', async () => {
    const abort = new AbortController();
    const seen: number[] = [];
    for await (const chunk of untilAborted(
      counting(() => {}, 3),
      abort.signal,
    ))
      seen.push(...chunk);
    expect(seen).toEqual([0, 1, 2]);
    abort.abort(); // a listener left behind would reject a promise that nobody holds
  });

  it('closes the source when the reader goes', async () => {
    let isClosed = false;
    for await (const _ of untilAborted(
      counting(() => (isClosed = true)),
      new AbortController().signal,
    ))
      break;
    expect(isClosed).toBe(true);
  });

  it('tells the error that ended the reading, not the one of closing the source', async () => {
    const source = counting(() => {
      throw new Error('closing failed');
    });
    const reading = async () => {
      for await (const _ of untilAborted(source, new AbortController().signal)) throw new Error('the disk is full');
    };
    await expect(reading()).rejects.toThrow('the disk is full');
  });

  it('lets a source that fails after the abort fail unheard', async () => {
    const abort = new AbortController();
    const source = async function* () {
      yield Uint8Array.of(1);
      await new Promise((resolve) => setTimeout(resolve, 20));
      throw new Error('too late to matter');
    };
    setTimeout(() => abort.abort(new Error('cancelled')), 5);
    const reading = async () => {
      for await (const _ of untilAborted(source(), abort.signal));
    };
    await expect(reading()).rejects.toThrow('cancelled');
    await new Promise((resolve) => setTimeout(resolve, 40)); // an unhandled rejection would fail the run
  });
});
