import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';

/** What a suite says when it cannot run here. */
export type NotRun = `not run: ${string}`;

/**
 * `null` when the program `path` (or a command of that name on PATH) is there, else what the suite says instead of running:
 * `not run: needs X (apt-get install X)`. It is printed too. With PALIAD_TEST_REQUIRE=1 it is an error: a server that
 * has installed everything must not skip anything in silence.
 */
export function needsDebianPackage(debianPackage: string, path: string): NotRun | null {
  return isThere(path) ? null : notRun(`needs ${debianPackage} (apt-get install ${debianPackage})`);
}

/** Prints why a suite cannot run here, and gives the words. Throws when PALIAD_TEST_REQUIRE=1. */
export function notRun(why: string): NotRun {
  if (process.env.PALIAD_TEST_REQUIRE === '1') throw new Error(`PALIAD_TEST_REQUIRE=1, but not run: ${why}`);
  console.log(`not run: ${why}`);
  // `npm test` repeats it above its closing line.
  if (process.env.PALIAD_TEST_NOT_RUN) appendFileSync(process.env.PALIAD_TEST_NOT_RUN, `not run: ${why}\n`);
  return `not run: ${why}`;
}

function isThere(path: string): boolean {
  if (path.includes('/')) return existsSync(path);
  return (process.env.PATH ?? '').split(':').some((folder) => folder !== '' && existsSync(join(folder, path)));
}
