import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { env } from '#lib/env.ts';
import { openPool, type Source } from '#lib/postgres/connect.ts';
import { openStore } from '#lib/store/open.ts';
import type { ArtifactStore } from '#lib/store/store.ts';

/** What a process works with: where the catalog is, what is backed up, where backups are kept. */
export type Workplace = {
  readonly catalog: pg.Pool;
  readonly source: Source;
  readonly store: ArtifactStore;
  /** Who this is, for the catalog: host and process. */
  readonly runner: string;
  readonly temporaryFolder: string;
};

declare global {
  // Next loads this module more than once (pages, actions, instrumentation): they all must meet at one place.
  var backupModeWorkplace: Promise<Workplace> | undefined;
}

/** The workplace of this process, set up by the environment at its first use. */
export function workplace(): Promise<Workplace> {
  globalThis.backupModeWorkplace ??= setUp().catch((error: unknown) => {
    globalThis.backupModeWorkplace = undefined;
    throw error;
  });
  return globalThis.backupModeWorkplace;
}

async function setUp(): Promise<Workplace> {
  const { databaseUrl, databaseCaFile: caFile, sourceDatabaseUrl, storeUrl, dataFolder, isStoreOwn } = env();
  const temporaryFolder = join(dataFolder, 'temporary');
  await mkdir(temporaryFolder, { recursive: true, mode: 0o700 });
  return {
    catalog: openPool({ url: databaseUrl, applicationName: 'Backup Mode (catalog)', caFile }),
    source: { url: sourceDatabaseUrl, applicationName: 'Backup Mode (backup)', caFile },
    store: await openStore(storeUrl, { createRoot: isStoreOwn }),
    runner: `${hostname()}/${process.pid}`,
    temporaryFolder,
  };
}
