import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BackupError } from '#lib/backup/errors.ts';
import type { Artifact, ByteRange } from '../store.ts';
import { openPartial, publish } from './publish.ts';
import { streamOf } from './read.ts';
import { onDisk } from './words.ts';

/** A file that a person asked for by name holds their data: theirs alone. */
const PERSONAL_MODE = 0o600;

/**
 * Writes one file wherever a person wants it, under any name, with a store's guarantees: whole or not at all, synced, never over
 * another file. Errors as of `ArtifactStore.put`.
 */
export async function writeOneFile(path: string, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<Artifact> {
  const full = resolve(path);
  const folder = dirname(full);
  signal.throwIfAborted();
  if (await exists(full)) throw new BackupError('ARTIFACT_EXISTS', full);
  const partial = await onDisk(folder, () => openPartial(full));
  const written = await publish(partial, bytes, signal, { mode: PERSONAL_MODE, root: folder, folders: [folder] });
  return { uri: pathToFileURL(full).href, ...written };
}

/** A file that a person named, to be read in ranges. ARTIFACT_NOT_FOUND when it is not there. */
export async function openOneFile(
  path: string,
): Promise<{ sizeBytes: number; open(range: ByteRange): Promise<ReadableStream<Uint8Array>> }> {
  const full = resolve(path);
  if (!(await exists(full))) throw new BackupError('ARTIFACT_NOT_FOUND', full);
  const { size } = await onDisk(full, () => stat(full));
  return {
    sizeBytes: size,
    open: async (range) => streamOf(await onDisk(full, () => open(full, constants.O_RDONLY)), size, range, full),
  };
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
