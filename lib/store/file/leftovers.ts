import { lstat, opendir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactStore } from '../store.ts';
import { errnoOf, onDisk } from './words.ts';

/** As `partialName` makes them. */
const PARTIAL = /^\..+\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.partial$/;

/**
 * Removes what killed runners left half-written in a file store: partial files that nobody has written to since `before`, by the
 * disk's own time. A file under way is written to all the time. Follows no symbolic link. Gives the number of files removed; other
 * kinds of store, and a root that is not there, have none. @throws BackupError STORE_UNAVAILABLE
 */
export async function removePartials(store: ArtifactStore, before: Date): Promise<number> {
  // Not by `instanceof`: the server loads this module more than once.
  if (store.scheme !== 'file' || !('root' in store) || typeof store.root !== 'string') return 0;
  const { root } = store;
  return onDisk(root, () => removeBelow(root, before));
}

async function removeBelow(folder: string, before: Date): Promise<number> {
  let count = 0;
  try {
    for await (const entry of await opendir(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) count += await removeBelow(path, before);
      else if (entry.isFile() && PARTIAL.test(entry.name) && (await lstat(path)).mtime < before) {
        await unlink(path);
        count += 1;
      }
    }
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error; // somebody was faster
  }
  return count;
}
