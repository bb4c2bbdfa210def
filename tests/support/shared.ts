import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type NotRun, notRun } from './requirement.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** The folder of real data and foreign tools that lies beside the checkout; PALIAD_SHARED names another place. */
const SHARED_FOLDER = resolve(ROOT, process.env.PALIAD_SHARED ?? '../shared');

/** The path of a shared file, like `data/northwind/northwind.sql`. Throws in plain words when it is absent: guard with `needsShared`. */
export function sharedPath(name: string): string {
  const path = join(SHARED_FOLDER, name);
  if (!existsSync(path))
    throw new Error(`${path} is absent: the shared folder is expected beside the checkout (or where PALIAD_SHARED says).`);
  return path;
}

/** `null` when the shared file is there, else what the suite says instead of running; printed too. */
export function needsShared(name: string): NotRun | null {
  return existsSync(join(SHARED_FOLDER, name)) ? null : notRun(`needs ../shared/${name} (absent here)`);
}
