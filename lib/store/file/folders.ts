import type { Stats } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BackupError } from '#lib/backup/errors.ts';
import { errnoOf, onDisk } from './words.ts';

/** Folders are for the user and the group of the runner. */
const FOLDER_MODE = 0o750;

/** A root that is not there is STORE_UNAVAILABLE, never "no such file": a disk that is not mounted has lost nothing. */
export async function requireRoot(root: string): Promise<void> {
  await onDisk(root, async () => {
    const found = await stat(root);
    if (!found.isDirectory()) throw new BackupError('STORE_UNAVAILABLE', `${root} is not a folder.`);
  });
}

/** Makes the root itself if it is not there. Its parent has to be: a mistyped path never grows a tree of folders. */
export async function makeRoot(root: string): Promise<void> {
  await onDisk(root, async () => {
    try {
      await mkdir(root, FOLDER_MODE);
      await syncFolder(dirname(root));
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
  });
}

/**
 * What lies at `root`/`segments`, or null. Each step below the root is looked at by itself: a symbolic link is refused
 * (STORE_REFUSED), wherever it points, so nothing outside the root is read, written or removed. The root itself may be a link.
 */
export async function lookAt(root: string, segments: readonly string[]): Promise<Stats | null> {
  await requireRoot(root);
  let path = root;
  let found: Stats | null = null;
  for (const segment of segments) {
    path = join(path, segment);
    found = await onDisk(root, () => lstatOrNull(path));
    if (found === null) return null;
    if (found.isSymbolicLink()) throw new BackupError('STORE_REFUSED', `${path} is a symbolic link.`);
  }
  return found;
}

/**
 * Makes the folders below the root that `segments` name, one at a time; never the root. Links are refused as by `lookAt`.
 * Throws the system's own ENOENT when somebody prunes one of them meanwhile.
 */
export async function makeFolders(root: string, segments: readonly string[]): Promise<void> {
  await requireRoot(root);
  let path = root;
  for (const segment of segments) {
    path = join(path, segment);
    try {
      await mkdir(path, FOLDER_MODE);
    } catch (error) {
      unless('EEXIST')(error);
      const found = await lstat(path); // before anything is made inside it
      if (found.isSymbolicLink()) throw new BackupError('STORE_REFUSED', `${path} is a symbolic link.`);
    }
  }
}

/** Removes the named folders below the root from the deepest up, as far as they are empty. Never fails: an empty folder does no harm. */
export async function pruneFolders(root: string, segments: readonly string[]): Promise<void> {
  for (let depth = segments.length; depth > 0; depth--) {
    try {
      await rmdir(join(root, ...segments.slice(0, depth)));
    } catch {
      return;
    }
  }
}

/** The folders from `root`/`segments` up to the root: those whose names must survive together with a file in the deepest. */
export function foldersUp(root: string, segments: readonly string[]): readonly string[] {
  return Array.from({ length: segments.length + 1 }, (_, above) => join(root, ...segments.slice(0, segments.length - above)));
}

/**
 * Makes new and removed names in a folder survive a power cut. Some network disks cannot (EINVAL, ENOTSUP): then their word that the
 * file is published has to do. 'or gone' passes over a folder that was pruned meanwhile.
 */
export async function syncFolder(path: string, absent: 'must exist' | 'or gone' = 'must exist'): Promise<void> {
  let folder: FileHandle;
  try {
    folder = await open(path, 'r');
  } catch (error) {
    if (absent === 'or gone' && errnoOf(error) === 'ENOENT') return;
    throw error;
  }
  try {
    await folder.sync().catch(unless('EINVAL', 'ENOTSUP'));
  } finally {
    await folder.close();
  }
}

async function lstatOrNull(path: string): Promise<Stats | null> {
  try {
    return await lstat(path);
  } catch (error) {
    unless('ENOENT', 'ENOTDIR')(error);
    return null;
  }
}

function unless(...errnos: readonly string[]): (error: unknown) => void {
  return (error) => {
    const errno = errnoOf(error);
    if (errno === null || !errnos.includes(errno)) throw error;
  };
}
