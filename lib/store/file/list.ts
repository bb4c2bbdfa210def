import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { isSegment } from '../secure-path.ts';
import { errnoOf, onDisk } from './words.ts';

/**
 * The keys of the published files below `root` that begin with `prefix`, in key order. Temporary files, links and files that no key
 * can name are passed over. Holds the names of one folder a level, not those of the whole store.
 */
export async function* keysBelow(root: string, prefix: string, folder = ''): AsyncGenerator<string, void, undefined> {
  for (const name of await namesIn(root, folder)) {
    const key = folder + name;
    if (!name.endsWith('/')) {
      if (key.startsWith(prefix)) yield key;
    } else if (key.startsWith(prefix) || prefix.startsWith(key)) {
      yield* keysBelow(root, prefix, key);
    }
  }
}

/** Sorted as keys are: a folder counts with its slash, so that `a-b` comes before `a/b`, and `a/b` before `a0`. */
async function namesIn(root: string, folder: string): Promise<readonly string[]> {
  const names: string[] = [];
  try {
    for await (const entry of await opendir(join(root, folder))) {
      if (!isSegment(entry.name)) continue;
      if (entry.isDirectory()) names.push(`${entry.name}/`);
      else if (entry.isFile()) names.push(entry.name);
    }
  } catch (error) {
    if (folder !== '' && errnoOf(error) === 'ENOENT') return []; // removed since it was seen
    return onDisk(root, () => Promise.reject(error));
  }
  return names.sort((a, b) => (a < b ? -1 : 1));
}
