/**
 * Which schemas a backup covers when nobody says otherwise: all but Postgres's own, those that belong to an extension,
 * those that Supabase manages and fills itself, and the queues of other tools.
 */
export const SCHEMAS_NEVER_COVERED: readonly string[] = [
  // Supabase makes and migrates these; a new project has them already.
  '_analytics',
  '_realtime',
  '_supavisor',
  'auth',
  'cron',
  'dbdev',
  'extensions',
  'graphql',
  'graphql_public',
  'net',
  'pgbouncer',
  'pgsodium',
  'pgsodium_masks',
  'pgtle',
  'realtime',
  'storage',
  'supabase_functions',
  'supabase_migrations',
  'vault',
  // Work in flight of job queues: restoring it would do the work twice.
  'graphile_worker',
  'pgboss',
  'pgmq',
];

/** Rows that are covered although their schema is not: without them no foreign key to a user or a file could be restored. */
export const MANAGED_TABLES: readonly { schema: string; name: string }[] = [
  { schema: 'auth', name: 'users' },
  { schema: 'auth', name: 'identities' },
  { schema: 'auth', name: 'mfa_factors' },
  { schema: 'storage', name: 'buckets' },
  { schema: 'storage', name: 'objects' },
];

/** Tables of this product that hold work in flight; their rows never belong into a backup. */
export const OWN_TABLES_WITHOUT_DATA: readonly string[] = ['paliad.notices'];

/** What is to be backed up. */
export type Coverage = {
  /** Only these schemas; null: every schema that is not left out. */
  readonly schemas: readonly string[] | null;
  /** Schemas left out on top of `SCHEMAS_NEVER_COVERED`. */
  readonly excludedSchemas: readonly string[];
  /** Tables, as `schema.table`, whose definition is kept and whose rows are not. */
  readonly excludedData: readonly string[];
};

/** Whether the definitions and rows of a schema are covered. `pg_…` and `information_schema` never are. */
export function isSchemaCovered(schema: string, coverage: Coverage): boolean {
  if (schema.startsWith('pg_') || schema === 'information_schema') return false;
  if (coverage.schemas !== null) return coverage.schemas.includes(schema);
  return !SCHEMAS_NEVER_COVERED.includes(schema) && !coverage.excludedSchemas.includes(schema);
}

/** Whether tables of `auth` may be drawn as sheets: never, they hold password hashes. */
export function hasSheet(table: { schema: string }): boolean {
  return table.schema !== 'auth';
}
