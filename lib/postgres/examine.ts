import type pg from 'pg';
import type { Coverage } from '#lib/backup/coverage.ts';
import type { Examination } from '#lib/backup/diagnosis.ts';
import { BackupError } from '#lib/backup/errors.ts';
import { tableLabel } from '#lib/backup/manifest.ts';
import { asSourceError, cutSession, describeUrl, openSession, type Source } from './connect.ts';
import { extensionWarnings } from './extension-tables.ts';
import { listTables, type SourceTables } from './tables.ts';

type Facts = Pick<Examination, 'version' | 'versionNumber' | 'isEncrypted' | 'isReplica'> & {
  isSuperuser: boolean;
  bypassesRls: boolean;
  readsAll: boolean;
  statementMs: number;
  idleInTransactionMs: number;
  largeObjects: number;
};

// reset_val is what the role is held to: this session has lifted its limits. pg_read_all_data came with version 14.
const FACTS = `
  select pg_catalog.current_setting('server_version') as "version", pg_catalog.current_setting('server_version_num')::int as "versionNumber",
         coalesce((select ssl from pg_catalog.pg_stat_ssl where pid = pg_catalog.pg_backend_pid()), false) as "isEncrypted",
         pg_catalog.pg_is_in_recovery() as "isReplica", r.rolsuper as "isSuperuser", r.rolsuper or r.rolbypassrls as "bypassesRls",
         coalesce((select pg_catalog.pg_has_role(d.oid, 'usage') from pg_catalog.pg_roles d where d.rolname = 'pg_read_all_data'), false)
           as "readsAll",
         (select reset_val::float8 from pg_catalog.pg_settings where name = 'statement_timeout') as "statementMs",
         (select reset_val::float8 from pg_catalog.pg_settings where name = 'idle_in_transaction_session_timeout') as "idleInTransactionMs",
         (select count(*)::int from pg_catalog.pg_largeobject_metadata) as "largeObjects"
    from pg_catalog.pg_roles r where r.rolname = current_user`;

const SCHEMAS = `
  select n.nspname as "name", count(c.oid)::int as "tables", coalesce(sum(c.relpages::float8 * pg_catalog.current_setting('block_size')::int), 0) as "sizeBytes"
    from pg_catalog.pg_namespace n left join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relkind = 'r' and c.relpersistence <> 't'
   where n.nspname = any ($1) group by 1 order by 1`;

/** How long to wait for a table that somebody keeps locked. */
const LOOK_TIMEOUT_MS = 5000;

/**
 * Looks at a database as a backup would, and changes nothing: one session, a few questions to the catalog, no lock.
 * @throws BackupError what `openSession` throws; a table that could not be read is a finding, not an error
 */
export async function examine(source: Source, coverage: Coverage, signal: AbortSignal): Promise<Examination> {
  const client = await openSession(source, signal);
  try {
    const [facts] = (await client.query<Facts>(FACTS)).rows;
    const listed = await tryListing(client, coverage);
    // The tables are looked into from here on: not behind somebody's lock.
    await client.query(`set lock_timeout = ${LOOK_TIMEOUT_MS}`);
    const tables = 'tables' in listed ? listed.tables : null;
    const place = describeUrl(source.url);
    return {
      place,
      reach: place.host.includes('.pooler.') ? 'session pooler' : 'direct',
      version: facts.version,
      versionNumber: facts.versionNumber,
      isEncrypted: facts.isEncrypted,
      isReplica: facts.isReplica,
      role: { isSuperuser: facts.isSuperuser, bypassesRls: facts.bypassesRls, readsAll: facts.readsAll || facts.isSuperuser },
      limits: { statementMs: facts.statementMs, idleInTransactionMs: facts.idleInTransactionMs },
      schemas: tables === null ? [] : await measureSchemas(client, tables),
      refusal: 'refusal' in listed ? listed.refusal : null,
      signInUsers: tables === null ? null : await countIn(client, tables, 'auth', 'users'),
      storedFiles: tables === null ? null : await countIn(client, tables, 'storage', 'objects'),
      withoutKey: (tables?.tables ?? []).filter((table) => table.primaryKey.length === 0).map(tableLabel),
      unlogged: (tables?.notCovered.unloggedTables ?? []).map(tableLabel),
      foreign: (tables?.notCovered.foreignTables ?? []).map(tableLabel),
      largeObjects: facts.largeObjects,
      warnings: tables === null ? [] : [...tables.warnings, ...(await extensionWarnings(client, tables.extensionTables))],
    };
  } catch (error) {
    signal.throwIfAborted();
    throw asSourceError(error, 'While the database was examined');
  } finally {
    cutSession(client);
  }
}

async function tryListing(client: pg.Client, coverage: Coverage): Promise<{ tables: SourceTables } | { refusal: Examination['refusal'] }> {
  try {
    return { tables: await listTables(client, coverage) };
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    const { code, title, detail, hint } = error;
    return { refusal: { code, title, detail, hint } };
  }
}

async function measureSchemas(client: pg.Client, { coveredSchemas, otherSchemas }: SourceTables): Promise<Examination['schemas']> {
  const { rows } = await client.query<{ name: string; tables: number; sizeBytes: number }>(SCHEMAS, [[...coveredSchemas, ...otherSchemas]]);
  return rows.map((row) => ({ ...row, isCovered: coveredSchemas.includes(row.name) }));
}

async function countIn(client: pg.Client, { tables }: SourceTables, schema: string, name: string): Promise<number | null> {
  if (!tables.some((table) => table.schema === schema && table.name === name)) return null;
  const { rows } = await client.query<{ count: number }>(`select count(*)::float8 as count from "${schema}"."${name}"`);
  return rows[0].count;
}
