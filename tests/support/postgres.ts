import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { inject } from 'vitest';
import { startPostgres } from '#lib/postgres/server.ts';
import { type NotRun, needsDebianPackage } from './requirement.ts';
import { THROWAWAY_SETTINGS } from './throwaway.ts';

/** A database of a test file's own. */
export type TestDatabase = {
  /** Superuser's address. */
  readonly url: string;
  /** Connected as superuser. */
  readonly client: pg.Client;
  /** Ends all its sessions and removes it. */
  drop(): Promise<void>;
};

/**
 * A new, empty database on the run's Postgres 18. Roles belong to the whole server: a test that creates one gives it a
 * name that no other test file uses.
 */
export async function createDatabase(): Promise<TestDatabase> {
  return createDatabaseOn(inject('postgresUrl'));
}

/** The same on another server; `serverUrl` is its superuser's address. */
export async function createDatabaseOn(serverUrl: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await withClient(serverUrl, (client) => client.query(`create database ${name} template template0`));
  const url = Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href;
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {}); // a test may end its server's sessions
  await client.connect();
  return {
    url,
    client,
    async drop() {
      await client.end();
      await withClient(serverUrl, (admin) => admin.query(`drop database if exists ${name} with (force)`));
    },
  };
}

/** Connects, does the work and closes the connection whatever happens. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const DEBIAN_15 = '/usr/lib/postgresql/15/bin';

/** An ordinary Postgres 15 of Debian, empty, for the calling test file alone; or the words for why there is none. */
export async function startPostgres15(): Promise<{ readonly url: string; stop(): Promise<void> } | NotRun> {
  const missing = needsDebianPackage('postgresql-15', join(DEBIAN_15, 'postgres'));
  if (missing !== null) return missing;
  const folder = mkdtempSync(join(tmpdir(), 'paliad-test-15-'));
  const server = await startPostgres({
    dataFolder: join(folder, 'pg'),
    logFile: join(folder, 'postgres.log'),
    password: 'test',
    binFolder: DEBIAN_15,
    settings: THROWAWAY_SETTINGS,
  });
  return {
    url: server.url,
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
