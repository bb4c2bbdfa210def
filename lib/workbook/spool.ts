import { randomUUID } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { BackupError } from '#lib/backup/errors.ts';

const WAITING_LIMIT_BYTES = 8 << 20;
const READ_BYTES = 1 << 20;

/**
 * A temporary file for one sheet of the table under way: two entries of an archive cannot be written at once, so the sheet
 * waits here until the table's rows are in. Its name is removed as soon as it is open: the file lives as long as this process
 * has it open, and nothing stays behind, however the process ends.
 */
export class Spool {
  readonly #parent: string;
  readonly #file: FileHandle;
  #queue: Promise<unknown> = Promise.resolve();
  #waitingBytes = 0;
  #error: unknown = null;
  /** Bytes appended so far. */
  length = 0;

  constructor(parent: string, file: FileHandle) {
    this.#parent = parent;
    this.#file = file;
  }

  /** Opens a spool in an existing folder, readable by this user alone. @throws BackupError STORE_FULL, STORE_UNAVAILABLE */
  static async open(parent: string): Promise<Spool> {
    const path = join(parent, `paliad-sheet-${randomUUID()}`);
    try {
      const file = await open(path, 'wx+', 0o600);
      await unlink(path);
      return new Spool(parent, file);
    } catch (error) {
      throw inWords(error, parent);
    }
  }

  /** Appends bytes, which now belong to the spool. */
  append(bytes: Buffer): void {
    const at = this.length;
    this.length += bytes.length;
    this.#waitingBytes += bytes.length;
    this.#queue = this.#queue.then(async () => {
      try {
        if (this.#error === null) await writeAll(this.#file, bytes, at);
      } catch (error) {
        this.#error = inWords(error, this.#parent);
      }
      this.#waitingBytes -= bytes.length;
    });
  }

  /** Whether the writer must wait for `written`; also after an error, so that it is heard at once and not after the last row. */
  get isFull(): boolean {
    return this.#waitingBytes > WAITING_LIMIT_BYTES || this.#error !== null;
  }

  /** Resolves when everything appended is in the file. @throws what writing threw */
  async written(): Promise<void> {
    await this.#queue;
    if (this.#error !== null) throw this.#error;
  }

  /** The bytes [from, to), in pieces. */
  async *read(from: number, to: number): AsyncGenerator<Buffer> {
    for (let at = from; at < to; ) {
      const piece = Buffer.allocUnsafe(Math.min(READ_BYTES, to - at));
      const { bytesRead } = await this.#file.read(piece, 0, piece.length, at);
      if (bytesRead === 0) throw new Error('The temporary sheet is shorter than what was written to it.');
      yield piece.subarray(0, bytesRead);
      at += bytesRead;
    }
  }

  /** Forgets everything appended. */
  async reset(): Promise<void> {
    await this.written();
    await this.#file.truncate(0);
    this.length = 0;
  }

  /** Closes the file, which ends it. */
  async close(): Promise<void> {
    await this.#queue;
    await this.#file.close();
  }
}

function inWords(error: unknown, folder: string): BackupError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  const detail = isFull ? `There is no room for a sheet in the temporary folder ${folder}.` : `The temporary folder ${folder}: ${code}.`;
  return new BackupError(isFull ? 'STORE_FULL' : 'STORE_UNAVAILABLE', detail, { cause: error });
}

async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
