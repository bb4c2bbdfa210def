import { constants, type Stats } from 'node:fs';
import { lstat, open, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BackupError } from '#lib/backup/errors.ts';
import type { Artifact, ByteRange } from '../store.ts';
import { openPartial, publish } from './publish.ts';
import { streamOf } from './read.ts';
import { errnoOf, onDisk } from './words.ts';

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
  // Said before gigabytes are made; a folder or a link of that name counts too
  if ((await onDisk(folder, () => orNull(lstat(full)))) !== null) throw new BackupError('ARTIFACT_EXISTS', full);
  const partial = await onDisk(folder, () => openPartial(full));
  const written = await publish(partial, bytes, signal, { mode: PERSONAL_MODE, root: folder, folders: [folder] });
  return { uri: pathToFileURL(full).href, ...written };
}

/** A file that a person named, to be read in ranges. FILE_NOT_FOUND when it is not there, or is not a file. */
export async function openOneFile(
  path: string,
): Promise<{ sizeBytes: number; open(range: ByteRange): Promise<ReadableStream<Uint8Array>> }> {
  const full = resolve(path);
  const found = await onDisk(full, () => orNull(stat(full)));
  if (found === null || !found.isFile()) throw new BackupError('FILE_NOT_FOUND', full);
  return {
    sizeBytes: found.size,
    open: async (range) => streamOf(await onDisk(full, () => open(full, constants.O_RDONLY)), found.size, range, full),
  };
}

/** Nothing there is null; a folder that may not be looked into is an error, and has its own words. */
async function orNull(looking: Promise<Stats>): Promise<Stats | null> {
  try {
    return await looking;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}
