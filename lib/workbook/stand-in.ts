import type { Manifest, ManifestTable } from '#lib/backup/manifest.ts';
import { literal, qualified, quoted } from '#lib/backup/sql-text.ts';

/** Functions of Supabase's schema `auth` that policies call, reading what PostgREST sets for each request. */
const AUTH_FUNCTIONS: Readonly<Record<string, string>> = {
  'auth.jwt()': `create function auth.jwt() returns jsonb language sql stable as 'select coalesce(nullif(current_setting(''request.jwt.claims'', true), ''''), ''{}'')::jsonb'`,
  'auth.uid()': `create function auth.uid() returns uuid language sql stable as 'select (auth.jwt() ->> ''sub'')::uuid'`,
  'auth.role()': `create function auth.role() returns text language sql stable as 'select auth.jwt() ->> ''role'''`,
  'auth.email()': `create function auth.email() returns text language sql stable as 'select auth.jwt() ->> ''email'''`,
};

/**
 * `backup/stand-in.sql`: what Supabase brings along and an ordinary Postgres lacks — the tables whose rows this backup holds, made
 * from the manifest, and the functions that policies call. Each is made only where it is missing, so a Supabase project is left
 * as it is. `definitions` are the schema parts: whether they speak of `auth` decides.
 */
export function standInSql(manifest: Manifest, definitions: string): string {
  const tables = manifest.tables.filter((table) => table.origin === 'managed');
  const needsAuth = tables.some((table) => table.schema === 'auth') || /\bauth\./.test(definitions);
  const schemas = new Set([...(needsAuth ? ['auth'] : []), ...tables.map((table) => table.schema)]);
  const statements = [
    ...Array.from(schemas, (schema) => ifMissing(`to_regnamespace(${literal(quoted(schema))})`, `create schema ${quoted(schema)}`)),
    ...tables.map((table) => ifMissing(`to_regclass(${literal(qualified(table))})`, createTable(table))),
    ...(needsAuth ? Object.entries(AUTH_FUNCTIONS).map(([name, sql]) => ifMissing(`to_regprocedure(${literal(name)})`, sql)) : []),
  ];
  const head = '-- In an ordinary Postgres: stand-ins for what Supabase brings along. In a Supabase project: nothing.\n';
  return statements.length === 0 ? head : `${head}do $stand_in$ begin\n${statements.join('')}end $stand_in$;\n`;
}

function ifMissing(lookUp: string, statement: string): string {
  return `  if ${lookUp} is null then execute ${literal(statement)}; end if;\n`;
}

/** Bare: columns and primary key. A type that only Supabase has becomes text; a computed column is left empty. */
function createTable(table: ManifestTable): string {
  const columns = table.columns.map((column) => `${quoted(column.name)} ${column.type.includes('.') ? 'text' : column.type}`);
  const key = table.primaryKey.length === 0 ? [] : [`primary key (${table.primaryKey.map(quoted).join(', ')})`];
  return `create table ${qualified(table)} (${[...columns, ...key].join(', ')})`;
}
