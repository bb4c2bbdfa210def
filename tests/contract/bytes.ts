import { BackupError } from '#lib/backup/errors.ts';
import type { ArtifactStore, ByteRange } from '#lib/store/store.ts';

/** Bytes without a short period, always the same. */
export function sampleBytes(length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let index = 0, state = 1; index < length; index++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

/** `bytes` in chunks of `chunkBytes`. */
export async function* chunksOf(bytes: Uint8Array, chunkBytes: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let from = 0; from < bytes.length; from += chunkBytes) yield bytes.subarray(from, from + chunkBytes);
}

/** A source that gives its bytes and then never answers again, not even when it is closed. */
export function hangAfter(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  let isGiven = false;
  const forEver = new Promise<IteratorResult<Uint8Array>>(() => {});
  return {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        if (isGiven) return forEver;
        isGiven = true;
        return { done: false, value: bytes };
      },
      return: () => forEver,
    }),
  };
}

/** A signal that does not abort. */
export function never(): AbortSignal {
  return new AbortController().signal;
}

/** Everything at `uri`, or its range. */
export async function bytesOf(store: ArtifactStore, uri: string, range?: ByteRange): Promise<Buffer> {
  return Buffer.from(await new Response(await store.open(uri, range)).arrayBuffer());
}

/** The keys that a store lists, in its order. */
export async function keysOf(store: ArtifactStore, prefix = ''): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}

/** How a promise ends: 'no error', the code of its BackupError, or what else was thrown. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'no error';
  } catch (error) {
    return error instanceof BackupError ? error.code : `not a BackupError: ${error}`;
  }
}
