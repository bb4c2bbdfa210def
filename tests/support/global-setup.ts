import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startPostgres } from '#lib/postgres/server.ts';
import { THROWAWAY_SETTINGS } from './throwaway.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Superuser's address of the run's one Postgres 18. */
    postgresUrl: string;
  }
}

/** One Postgres 18 for all test files of a run; each takes a database of its own from it (`createDatabase`). */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'paliad-test-'));
  const server = await startPostgres({
    dataFolder: join(folder, 'pg'),
    logFile: join(folder, 'postgres.log'),
    password: 'test',
    settings: { ...THROWAWAY_SETTINGS, max_connections: '200' },
  });
  project.provide('postgresUrl', server.url);
  return async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}
