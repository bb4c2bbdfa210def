/**
 * The chunks of `source` until `signal` aborts: then the signal's reason is thrown at once, even while the source hangs.
 * The source is closed in every case; when it hangs, its closing is not waited for.
 */
export async function* untilAborted(source: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  signal.throwIfAborted();
  const iterator = source[Symbol.asyncIterator]();
  // One listener and one promise a step: Promise.race against a promise that lives as long as the stream would collect
  // a reaction for every chunk.
  let stop: (reason: unknown) => void = () => {};
  const onAbort = () => stop(signal.reason);
  signal.addEventListener('abort', onAbort);
  const step = () =>
    new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
      stop = reject;
      iterator.next().then(resolve, reject);
    });
  let isEnded = false;
  try {
    for (;;) {
      signal.throwIfAborted();
      const next = await step().catch((error: unknown) => {
        isEnded = !signal.aborted; // a source that threw has closed itself
        throw error;
      });
      if (next.done === true) {
        isEnded = true;
        return;
      }
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    if (!isEnded) await close(iterator, signal);
  }
}

/** An error while closing is passed over: the error that made us close is the one to tell. */
async function close(iterator: AsyncIterator<Uint8Array>, signal: AbortSignal): Promise<void> {
  const closing = Promise.resolve(iterator.return?.()).catch(() => {});
  if (!signal.aborted) await closing;
}
