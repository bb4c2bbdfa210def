import { mkdir, readdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { removeLeftovers } from '#lib/runner/leftovers.ts';
import { partialName } from '#lib/store/file/publish.ts';
import { memoryStore } from '#lib/store/memory/memory-store.ts';
import { openStore } from '#lib/store/open.ts';
import { newFolder } from './backing-up.ts';

const HOUR_MS = 3_600_000;

async function writeOld(path: string, hours: number): Promise<void> {
  await writeFile(path, 'x');
  await age(path, hours);
}

async function age(path: string, hours: number): Promise<void> {
  const then = new Date(Date.now() - hours * HOUR_MS);
  await utimes(path, then, then);
}

it('what killed runners left is removed a day later; what is under way, published or somebody else’s stays', async () => {
  const [root, temporaryFolder, elsewhere] = [await newFolder(), await newFolder(), await newFolder()];
  const folder = join(root, 'a-backup');
  await mkdir(folder);
  const [dead, alive] = [partialName('a-lease.xlsx'), partialName('a-lease.xlsx')];
  await writeOld(join(folder, dead), 25);
  await writeOld(join(folder, alive), 23);
  await writeOld(join(folder, 'a-lease.xlsx'), 1000);
  await writeOld(join(folder, '.somebody.partial'), 1000);
  await writeOld(join(elsewhere, dead), 1000);
  await symlink(elsewhere, join(root, 'a-link'));
  await mkdir(join(temporaryFolder, 'paliad-sheet-old'));
  await writeOld(join(temporaryFolder, 'paliad-sheet-old', 'sheet'), 25);
  await age(join(temporaryFolder, 'paliad-sheet-old'), 25);
  await mkdir(join(temporaryFolder, 'paliad-sheet-new'));
  await writeOld(join(temporaryFolder, 'paliad-sheet-file'), 25);
  await writeOld(join(temporaryFolder, 'notes.txt'), 1000);

  await removeLeftovers({ store: await openStore(pathToFileURL(root).href), temporaryFolder });

  expect((await readdir(folder)).sort()).toEqual([alive, '.somebody.partial', 'a-lease.xlsx'].sort());
  expect(await readdir(elsewhere)).toEqual([dead]);
  expect((await readdir(temporaryFolder)).sort()).toEqual(['notes.txt', 'paliad-sheet-new']);
});

it('a store of another kind, and folders that are not there, are nobody’s trouble', async () => {
  const missing = join(await newFolder(), 'not mounted');
  await removeLeftovers({ store: memoryStore(), temporaryFolder: await newFolder() });
  await removeLeftovers({ store: await openStore(pathToFileURL(missing).href), temporaryFolder: missing });
});
