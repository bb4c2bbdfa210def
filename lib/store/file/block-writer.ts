import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

/** Chunks are gathered to blocks of this many bytes; one write each. */
const BLOCK_BYTES = 1024 * 1024;

/**
 * Writes chunks of any size one after another, hashing on the way. Two blocks: while the system writes one it is hashed and the other
 * is filled. Memory is these two blocks however long the file grows; `add` waits while both are full (backpressure).
 * Chunks are copied: the source may use their memory again.
 */
export class BlockWriter {
  readonly #file: FileHandle;
  readonly #hash = createHash('sha256');
  #filling = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  #spare = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  #filledBytes = 0;
  #positionBytes = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Takes a chunk. Throws what the disk said about an earlier block. */
  async add(chunk: Uint8Array): Promise<void> {
    for (let from = 0; from < chunk.length; ) {
      const taken = Math.min(chunk.length - from, BLOCK_BYTES - this.#filledBytes);
      this.#filling.set(chunk.subarray(from, from + taken), this.#filledBytes);
      this.#filledBytes += taken;
      from += taken;
      if (this.#filledBytes === BLOCK_BYTES) await this.#flush();
    }
  }

  /** Writes what is left. The file still has to be synced. */
  async end(): Promise<{ sizeBytes: number; sha256: string }> {
    await this.#flush();
    await this.#writing;
    return { sizeBytes: this.#positionBytes, sha256: this.#hash.digest('hex') };
  }

  /** Waits until the system has let go of the file, so that it may be closed. Never throws: for the way out after an error. */
  async settled(): Promise<void> {
    await this.#writing.catch(() => {});
  }

  async #flush(): Promise<void> {
    await this.#writing;
    const block = this.#filling.subarray(0, this.#filledBytes);
    this.#writing = writeAll(this.#file, block, this.#positionBytes);
    this.#writing.catch(() => {}); // told by the next flush or by end; without this, Node would call it unheard
    this.#hash.update(block);
    this.#positionBytes += block.length;
    [this.#filling, this.#spare] = [this.#spare, this.#filling];
    this.#filledBytes = 0;
  }
}

/** A full disk may take a part of a block and say so; the rest is tried until it is all in or the system refuses. */
async function writeAll(file: FileHandle, block: Uint8Array, positionBytes: number): Promise<void> {
  for (let done = 0; done < block.length; ) {
    const { bytesWritten } = await file.write(block, done, block.length - done, positionBytes + done);
    done += bytesWritten;
  }
}
