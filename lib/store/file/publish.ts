import { randomUUID } from 'node:crypto';
import { type FileHandle, link, open, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BackupError } from '#lib/backup/errors.ts';
import { untilAborted } from '../intake.ts';
import { BlockWriter } from './block-writer.ts';
import { syncFolder } from './folders.ts';
import { errnoOf, onDisk } from './words.ts';

/** A file that is written beside the place where it will appear, under a name that no listing shows. */
export type PartialFile = { readonly path: string; readonly finalPath: string; readonly file: FileHandle };

/** What was written. `sha256` is 64 lower-case hex digits. */
export type Written = { readonly sizeBytes: number; readonly sha256: string };

/** `root` is for words. `folders` are synced at the end, so that new names in them survive a power cut. */
export type PublishOptions = { readonly mode: number; readonly root: string; readonly folders: readonly string[] };

/** How a file of this name is called while it is not complete: `.name.<uuid>.partial`. What a crash leaves is known by it. */
export function partialName(name: string): string {
  return `.${name}.${randomUUID()}.partial`;
}

/** Opens the temporary file for `finalPath`, in the same folder, readable by nobody else. Throws the system's own error. */
export async function openPartial(finalPath: string): Promise<PartialFile> {
  const path = join(dirname(finalPath), partialName(basename(finalPath)));
  return { path, finalPath, file: await open(path, 'wx', 0o600) };
}

/**
 * Streams `bytes` into the partial and publishes it whole: length checked, `mode` set, synced, then linked to its name, which fails
 * when the name is taken (ARTIFACT_EXISTS), whoever was faster. After any error, or when `signal` aborts, neither name is left.
 * Errors of the disk come as words about `root`; those of `bytes` and the signal's reason pass through as they are.
 */
export async function publish(
  partial: PartialFile,
  bytes: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
  options: PublishOptions,
): Promise<Written> {
  const { root, mode, folders } = options;
  let isPublished = false;
  try {
    const written = await writeOut(partial.file, bytes, signal, root);
    await onDisk(root, () => partial.file.chmod(mode));
    await onDisk(root, () => partial.file.sync());
    await onDisk(root, () => partial.file.close());
    signal.throwIfAborted();
    await linkWithoutOverwriting(partial, root);
    isPublished = true;
    await onDisk(root, () => unlink(partial.path));
    for (const folder of folders) await onDisk(root, () => syncFolder(folder));
    return written;
  } catch (error) {
    // Whatever goes wrong on the way out, the first error is the one to tell
    await partial.file.close().catch(() => {});
    await unlink(partial.path).catch(() => {});
    if (isPublished) await unlink(partial.finalPath).catch(() => {});
    throw error;
  }
}

async function writeOut(file: FileHandle, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal, root: string): Promise<Written> {
  const writer = new BlockWriter(file);
  try {
    for await (const chunk of untilAborted(bytes, signal)) await onDisk(root, () => writer.add(chunk));
    const written = await onDisk(root, () => writer.end());
    const { size } = await onDisk(root, () => file.stat());
    if (size !== written.sizeBytes) {
      throw new BackupError('STORE_UNAVAILABLE', `${root} kept ${size} of ${written.sizeBytes} bytes.`);
    }
    return written;
  } finally {
    await writer.settled();
  }
}

/** `link` and not `rename`: a rename replaces what is there, and a look before it can be overtaken. */
async function linkWithoutOverwriting(partial: PartialFile, root: string): Promise<void> {
  try {
    await link(partial.path, partial.finalPath);
  } catch (error) {
    switch (errnoOf(error)) {
      case 'EEXIST':
        throw new BackupError('ARTIFACT_EXISTS', partial.finalPath, { cause: error });
      case 'EPERM':
      case 'ENOTSUP':
      case 'EOPNOTSUPP':
      case 'ENOSYS':
      case 'EMLINK':
        throw new BackupError(
          'STORE_UNAVAILABLE',
          `The disk of ${root} has no hard links, so a backup could overwrite another one; use another disk.`,
          {
            cause: error,
          },
        );
      default:
        return onDisk(root, () => Promise.reject(error));
    }
  }
}
