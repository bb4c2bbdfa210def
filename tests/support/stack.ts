import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyMigrations, prepareDatabase } from '#scripts/migrations.ts';
import { type Stack, startStack } from '#scripts/stack.ts';
import { createDatabase, type TestDatabase } from './postgres.ts';
import { THROWAWAY_SETTINGS } from './throwaway.ts';

/** The whole embedded project in a temporary folder: Postgres, migrations, sign-in, API, the two accounts; the sample organisation if asked. */
export async function startTestStack(options: { readonly isSeeded?: boolean } = {}): Promise<Stack & { readonly dataFolder: string }> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'paliad-stack-'));
  const stack = await startStack({
    dataFolder,
    siteUrl: 'http://127.0.0.1:3000',
    settings: THROWAWAY_SETTINGS,
    isSeeded: options.isSeeded ?? false,
  });
  return {
    ...stack,
    dataFolder,
    async stop() {
      await stack.stop();
      rmSync(dataFolder, { recursive: true, force: true });
    },
  };
}

/** A database of the test file's own with Supabase's roles, the sign-in tables and every migration, but no API in front of it. */
export async function createMigratedDatabase(): Promise<TestDatabase> {
  const database = await createDatabase();
  await prepareDatabase(database.client);
  await applyMigrations(database.client);
  return database;
}
