import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { removePartials } from '#lib/store/file/leftovers.ts';
import { logError } from './log.ts';
import type { Workplace } from './workplace.ts';

/** Also how often it is worth looking. */
export const DAY_MS = 24 * 60 * 60 * 1000;

/** Sheets that waited for their place in the file, in a folder or a file of their own. */
const SHEET = /^paliad-sheet-/;

/**
 * Removes what runners left that were killed: half-written files of a file store and temporary sheets, both untouched for a day.
 * Never throws: what cannot be removed is in nobody's way but the disk's.
 */
export async function removeLeftovers(place: Pick<Workplace, 'store' | 'temporaryFolder'>): Promise<void> {
  const before = new Date(Date.now() - DAY_MS);
  const both = await Promise.allSettled([removePartials(place.store, before), removeSheets(place.temporaryFolder, before)]);
  for (const one of both) if (one.status === 'rejected') logError('remove what killed runners left', one.reason);
}

async function removeSheets(folder: string, before: Date): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (SHEET.test(name) && (await lstat(path)).mtime < before) await rm(path, { recursive: true, force: true });
  }
}
