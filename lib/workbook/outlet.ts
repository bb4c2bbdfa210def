import { PassThrough } from 'node:stream';

/** How many bytes may wait between the workbook and the store. */
const WAITING_LIMIT_BYTES = 8 << 20;

/**
 * The way out of a workbook: whoever writes is told when to pause, whoever reads gets the bytes in order. It ends when the
 * writer ends it and breaks when either side fails.
 */
export class Outlet {
  readonly #stream = new PassThrough({ writableHighWaterMark: WAITING_LIMIT_BYTES, readableHighWaterMark: 1 << 20 });
  #isBroken = false;
  /** Bytes written so far: where the next one will stand in the file. */
  offset = 0;

  constructor() {
    // Both sides learn of a failure by what they await; an unheard event would end the program.
    this.#stream.on('error', () => {});
  }

  /** The bytes, for `ArtifactStore.put`. */
  get bytes(): AsyncIterable<Uint8Array> {
    return this.#stream;
  }

  /** Appends bytes, which now belong to the outlet. */
  write(bytes: Uint8Array): void {
    this.offset += bytes.length;
    this.#stream.write(bytes);
  }

  /** Whether the writer must wait for `ready`: there is no room, or nobody reads any more. */
  get isFull(): boolean {
    return this.#stream.destroyed || this.#stream.writableNeedDrain;
  }

  /** Whether the reader has gone before the end without saying why here: it says so where its own work is awaited. */
  get isAbandoned(): boolean {
    return this.#stream.destroyed && !this.#isBroken && !this.#stream.writableFinished;
  }

  /** Resolves when there is room again. @throws what the reader or the writer failed with */
  async ready(): Promise<void> {
    if (!this.#stream.destroyed && this.#stream.writableNeedDrain) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#stream.off('drain', wake).off('close', wake);
          resolve();
        };
        this.#stream.on('drain', wake).on('close', wake);
      });
    }
    if (this.#stream.destroyed) throw this.#stream.errored ?? new Error('The reader of the workbook has gone.');
  }

  /** Says that all bytes are written. */
  end(): void {
    this.#stream.end();
  }

  /** Breaks the way for both sides. */
  fail(error: unknown): void {
    if (!this.#stream.destroyed) this.#isBroken = true;
    this.#stream.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}
