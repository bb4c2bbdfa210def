import { readdirSync, readFileSync } from 'node:fs';
import type pg from 'pg';

/**
 * A stand-in for what Supabase brings and plain Postgres lacks: the three roles, `auth.users` and `auth.uid()`, which reads
 * the claims of either spelling. Only for tests of SQL; tests/support/stack.ts has the real thing.
 */
export const AUTH_STAND_IN = `
do $$ declare r text; begin
  foreach r in array array['anon nologin', 'authenticated nologin', 'service_role nologin bypassrls'] loop
    -- Roles belong to the whole server: another test file may be making them at this moment.
    begin execute 'create role ' || r; exception when duplicate_object or unique_violation then null; end;
  end loop;
end $$;
create schema if not exists auth;
create table if not exists auth.users (id uuid primary key default gen_random_uuid(), email text unique);
create or replace function auth.uid() returns uuid language sql stable as $$
  select coalesce(nullif(current_setting('request.jwt.claim.sub', true), ''),
                  nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid $$;
grant usage on schema auth to anon, authenticated, service_role;`;

const MIGRATIONS = new URL('../../supabase/migrations/', import.meta.url);

/** Names of the product's migrations, oldest first. */
export function migrationNames(): string[] {
  return readdirSync(MIGRATIONS)
    .filter((name) => /^\d{14}_.*\.sql$/.test(name))
    .sort();
}

/** Applies every migration, each in a transaction of its own, as the embedded start does. */
export async function applyMigrations(client: pg.Client): Promise<void> {
  for (const name of migrationNames()) {
    await client.query('begin');
    await client.query(readFileSync(new URL(name, MIGRATIONS), 'utf8'));
    await client.query('commit');
  }
}

/** Stand-in and migrations: an empty database becomes one of the product's. */
export async function setUpCatalog(client: pg.Client): Promise<void> {
  await client.query(AUTH_STAND_IN);
  await applyMigrations(client);
}
