import type { FileHandle } from 'node:fs/promises';
import { BackupError } from '#lib/backup/errors.ts';
import type { ByteRange } from '../store.ts';
import { onDisk } from './words.ts';

/** Bytes of one read. */
const READ_BYTES = 512 * 1024;

/**
 * The bytes of an open file, read as they are asked for; the file is closed at the end, on an error and on cancel.
 * A file that ends before its length is an error, never a short stream.
 */
export function streamOf(file: FileHandle, sizeBytes: number, range: ByteRange | undefined, root: string): ReadableStream<Uint8Array> {
  const end = Math.min(range?.end ?? sizeBytes, sizeBytes);
  let position = range?.start ?? 0;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (position >= end) {
        await file.close();
        controller.close();
        return;
      }
      try {
        const block = new Uint8Array(Math.min(READ_BYTES, end - position));
        const { bytesRead } = await onDisk(root, () => file.read(block, 0, block.length, position));
        if (bytesRead === 0)
          throw new BackupError('STORE_UNAVAILABLE', `A file below ${root} ended after ${position} of ${sizeBytes} bytes.`);
        position += bytesRead;
        controller.enqueue(block.subarray(0, bytesRead));
      } catch (error) {
        await file.close().catch(() => {}); // the error of the read is the one to tell
        throw error;
      }
    },
    cancel: () => file.close(),
  });
}
