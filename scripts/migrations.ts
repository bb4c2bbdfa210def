import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { getAuthSchemaSql, SUPABASE_AUTH_HELPERS_SQL } from '@supabase/lite';
import type pg from 'pg';
import { BackupError } from '#lib/backup/errors.ts';

const ROOT = resolve(import.meta.dirname, '..');
const MIGRATIONS = join(ROOT, 'supabase/migrations');
const SEED = 'supabase/seed.sql';
const MIGRATION_NAME = /^(\d{14})_(.*)\.sql$/;

/** Makes a plain Postgres database look like a Supabase project's: roles, schemas, the tables of sign-in. Repeatable. */
export async function prepareDatabase(client: pg.Client): Promise<void> {
  await client.query(readFileSync(join(import.meta.dirname, 'embedded-roles.sql'), 'utf8'));
  await client.query(getAuthSchemaSql() + SUPABASE_AUTH_HELPERS_SQL);
}

/**
 * Applies the migrations that the database has not had, each in a transaction of its own, and records them where the
 * Supabase CLI does: `supabase db push` agrees. Gives how many were applied.
 * Errors: MIGRATION_FAILED, naming the file.
 */
export async function applyMigrations(client: pg.Client): Promise<number> {
  await client.query(`
    create schema if not exists supabase_migrations;
    create table if not exists supabase_migrations.schema_migrations (version text primary key, statements text[], name text)`);
  const { rows } = await client.query<{ version: string }>('select version from supabase_migrations.schema_migrations');
  const done = new Set(rows.map(({ version }) => version));
  const due = migrationFiles().filter((file) => !done.has(versionOf(file)));
  for (const file of due) await applyMigration(client, file);
  return due.length;
}

/** Runs the newest `…_grants.sql` again: the API server's first request grants everything to everybody, this takes it back. */
export async function applyGrants(client: pg.Client): Promise<void> {
  const file = migrationFiles().findLast((name) => name.endsWith('_grants.sql'));
  if (file !== undefined) await inTransaction(client, file, () => client.query(readFileSync(join(MIGRATIONS, file), 'utf8')));
}

/** Runs seed.sql, once in the life of a database; remembered where the Supabase CLI remembers it. Gives whether it ran. */
export async function applySeed(client: pg.Client): Promise<boolean> {
  const path = join(ROOT, SEED);
  if (!existsSync(path)) return false;
  await client.query('create table if not exists supabase_migrations.seed_files (path text primary key, hash text not null)');
  const { rowCount } = await client.query('select from supabase_migrations.seed_files where path = $1', [SEED]);
  if (rowCount !== 0) return false;
  const sql = readFileSync(path, 'utf8');
  await inTransaction(client, SEED, async () => {
    await client.query(sql);
    const hash = createHash('sha256').update(sql).digest('hex');
    await client.query('insert into supabase_migrations.seed_files (path, hash) values ($1, $2)', [SEED, hash]);
  });
  return true;
}

async function applyMigration(client: pg.Client, file: string): Promise<void> {
  const sql = readFileSync(join(MIGRATIONS, file), 'utf8');
  await inTransaction(client, file, async () => {
    await client.query(sql);
    const record = 'insert into supabase_migrations.schema_migrations (version, name, statements) values ($1, $2, $3)';
    await client.query(record, [versionOf(file), MIGRATION_NAME.exec(file)?.[2], [sql]]);
  });
}

async function inTransaction(client: pg.Client, file: string, work: () => Promise<unknown>): Promise<void> {
  await client.query('begin');
  try {
    await work();
    await client.query('commit');
  } catch (cause) {
    await client.query('rollback');
    throw new BackupError('MIGRATION_FAILED', `${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  } finally {
    // A file may set these for itself; the next one begins from the session's own.
    await client.query('reset search_path; reset role');
  }
}

function migrationFiles(): string[] {
  return readdirSync(MIGRATIONS)
    .filter((name) => MIGRATION_NAME.test(name))
    .sort();
}

function versionOf(file: string): string {
  return file.slice(0, 14);
}
