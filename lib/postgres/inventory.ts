import type pg from 'pg';
import type { Inventory, ManifestSequence } from '#lib/backup/manifest.ts';
import { qualified } from '#lib/backup/sql-text.ts';
import type { SourceTables } from './tables.ts';

const EXTENSIONS = `select e.extname as "name", e.extversion as "version", n.nspname as "schema" from pg_catalog.pg_extension e
  join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname <> 'plpgsql' order by 1`;

// Owners, grantees and the roles of policies. The first superuser is never recorded as a dependency: it is added.
const ROLES = `select rolname as "name" from pg_catalog.pg_roles r where r.rolname !~ '^pg_' and (r.oid = 10 or exists
  (select from pg_catalog.pg_shdepend d where d.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass and d.refobjid = r.oid
      and d.dbid = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()))) order by 1`;

const POLICIES = `select schemaname as "schema", tablename as "table", policyname as "name",
  pg_catalog.concat_ws(' ', permissive, 'for', cmd, 'to', pg_catalog.array_to_string(roles, ', '), 'using (' || qual || ')',
  'with check (' || with_check || ')') as "definition" from pg_catalog.pg_policies where schemaname = any ($1) or
  (schemaname, tablename) in (select * from unnest($2::text[], $3::text[])) order by 1, 2, 3`;

const GRANTS = `select n.nspname || '.' || c.relname as "object", c.relacl::text[] as "grants" from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname = any ($1) and c.relacl is not null
  and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') order by 1`;

const TRIGGERS = `select n.nspname as "schema", c.relname as "table", t.tgname as "name", pg_catalog.pg_get_triggerdef(t.oid) as "definition"
  from pg_catalog.pg_trigger t join pg_catalog.pg_class c on c.oid = t.tgrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where not t.tgisinternal and (n.nspname = any ($1) or (n.nspname, c.relname) in (select * from unnest($2::text[], $3::text[])))
  order by 1, 2, 3`;

const FUNCTIONS = `select n.nspname as "schema", p.proname || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')' as "name",
  pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.pg_get_functiondef(p.oid), 'UTF8')), 'hex') as "definitionSha256"
  from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace where n.nspname = any ($1) and p.prokind in ('f', 'p')
  and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid
  and d.deptype = 'e') order by 1, 2`;

const EVENT_TRIGGERS = `select evtname as "name" from pg_catalog.pg_event_trigger order by 1`;

const PUBLICATIONS = `select p.pubname as "name", array(select t.schemaname || '.' || t.tablename from pg_catalog.pg_publication_tables t
  where t.pubname = p.pubname order by 1) as "tables" from pg_catalog.pg_publication p order by 1`;

// The privilege functions raise an error for a schema that is not there: they are reached only when it is.
const CRON_IS_READABLE = `select case when pg_catalog.to_regclass('cron.job') is null then false
  else pg_catalog.has_schema_privilege('cron', 'usage') and pg_catalog.has_table_privilege('cron.job', 'select') end as "is"`;

const SEQUENCES = `select n.nspname as "schema", c.relname as "name" from pg_catalog.pg_class c join pg_catalog.pg_namespace n
  on n.oid = c.relnamespace where c.relkind = 'S' and n.nspname = any ($1) and not exists (select from pg_catalog.pg_depend d
  where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e') order by 1, 2`;

/**
 * What is in force in the database beside its rows: listed in the manifest so that a restore can be compared with it.
 * Cron jobs are listed and never switched on by a restore: a copy must not run what the original runs.
 */
export async function takeInventory(client: pg.Client, source: SourceTables): Promise<Inventory> {
  const covered = source.coveredSchemas;
  const managed = source.tables.filter((table) => table.origin === 'managed');
  const places = [covered, managed.map((table) => table.schema), managed.map((table) => table.name)];
  const list = async <T extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<T[]> =>
    (await client.query<T>(sql, values)).rows;
  const names = (rows: { name: string }[]): string[] => rows.map((row) => row.name);
  const [cron] = await list<{ is: boolean | null }>(CRON_IS_READABLE);
  return {
    extensions: await list(EXTENSIONS),
    roles: names(await list(ROLES)),
    policies: await list(POLICIES, places),
    grants: await list(GRANTS, [covered]),
    triggers: await list(TRIGGERS, places),
    functions: await list(FUNCTIONS, [covered]),
    eventTriggers: names(await list(EVENT_TRIGGERS)),
    publications: await list(PUBLICATIONS),
    cronJobs:
      cron.is === true ? await list('select coalesce(jobname, jobid::text) as name, schedule, command from cron.job order by 1') : [],
  };
}

/** Where each sequence of the covered schemas stands. */
export async function readSequences(client: pg.Client, source: SourceTables): Promise<ManifestSequence[]> {
  const { rows } = await client.query<{ schema: string; name: string }>(SEQUENCES, [source.coveredSchemas]);
  if (rows.length === 0) return [];
  const each = rows.map((_, n) => `(select last_value::text || ' ' || is_called from ${qualified(rows[n])})`);
  const found = await client.query<{ states: string[] }>(`select array[${each.join(', ')}] as states`);
  return rows.map(({ schema, name }, n) => {
    const [lastValue, isCalled] = found.rows[0].states[n].split(' ');
    return { schema, name, lastValue, isCalled: isCalled === 'true' };
  });
}
