import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Coverage } from '#lib/backup/coverage.ts';
import { BackupError } from '#lib/backup/errors.ts';
import { qualified } from '#lib/backup/sql-text.ts';
import { asSourceError, cutSession, describeUrl, openSession, PINS_OF_TRANSACTION, type Source } from './connect.ts';
import { extensionWarnings } from './extension-tables.ts';
import { tableLocked } from './locks.ts';
import { listTables, type SourceTable, type SourceTables } from './tables.ts';
import { isExposed } from './tls.ts';

/** How long to wait for a table that somebody else holds locked. */
export const LOCK_TIMEOUT_MS = 30_000;
const ATTEMPTS = 3;
/** How long a server that has given everything is waited for when it is told so. */
const GOODBYE_MS = 5000;

/** One view of the database that does not change while it is held. */
export type Snapshot = SourceTables & {
  /** Holds the locks and the snapshot; one statement at a time. */
  readonly client: pg.Client;
  /** For `set transaction snapshot` of another session. */
  readonly exportedId: string;
  readonly takenAt: Date;
  /** How long whatever belongs to this backup waits for a table. */
  readonly lockTimeoutMs: number;
  readonly server: { readonly version: string; readonly versionNumber: number; readonly encoding: string; readonly collation: string };
  /** Names the database wherever it is copied: Supabase's project ref, else system identifier and database name. */
  readonly home: string;
  /**
   * To be called when the last thing was read: gives the locks back and closes the session, so that nobody waits for what is
   * still written elsewhere. Whatever becomes of the session then is no error. Never throws.
   */
  end(): Promise<void>;
};

/**
 * Takes a snapshot and hands it to `use`; afterwards, or after its `end`, the locks are gone and the session is closed. The order is what keeps
 * it whole: the tables are listed, then locked against TRUNCATE, DROP and ALTER, then the snapshot is taken, then they are
 * listed again. Without the lock a TRUNCATE between snapshot and COPY gives no rows and no error.
 * An abort cuts the connection, so that the server stops within a second.
 * @throws BackupError what `openSession` and `listTables` throw; TABLE_LOCKED, SCHEMA_CHANGING, SOURCE_CONNECTION_LOST
 */
export async function withSnapshot<T>(
  source: Source,
  coverage: Coverage,
  signal: AbortSignal,
  use: (snapshot: Snapshot) => Promise<T>,
  lockTimeoutMs: number = LOCK_TIMEOUT_MS,
): Promise<T> {
  const client = await openSession(source, signal);
  const cut = (): void => cutSession(client);
  signal.addEventListener('abort', cut, { once: true });
  try {
    signal.throwIfAborted();
    const snapshot = await take(client, coverage, source, lockTimeoutMs);
    const result = await use(snapshot);
    await snapshot.end();
    return result;
  } catch (error) {
    cut();
    signal.throwIfAborted();
    throw asSourceError(error, 'During the snapshot');
  } finally {
    signal.removeEventListener('abort', cut);
  }
}

/** Once, however often it is called. */
function ending(client: pg.Client): () => Promise<void> {
  let ended: Promise<void> | undefined;
  const sayGoodbye = async (): Promise<void> => {
    const saying = client.query('commit').then(() => client.end());
    await Promise.race([saying.catch(() => {}), sleep(GOODBYE_MS, undefined, { ref: false })]);
    cutSession(client);
  };
  return () => (ended ??= sayGoodbye());
}

async function take(client: pg.Client, coverage: Coverage, source: Source, lockTimeoutMs: number): Promise<Snapshot> {
  // For all that follows on this session: reading a catalog may wait for somebody's lock, too.
  await client.query(`set lock_timeout = ${lockTimeoutMs}`);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const before = await listTables(client, coverage);
    await client.query('begin isolation level repeatable read read only');
    // Behind a pooler this may be another session of the server than the one that was pinned.
    await client.query(`${PINS_OF_TRANSACTION}; set local lock_timeout = ${lockTimeoutMs}`);
    if (!(await lock(client, before.tables, lockTimeoutMs))) continue;
    const facts = (await client.query<Facts>(FACTS)).rows[0];
    const after = await listTables(client, coverage);
    if (isSame(before, after)) {
      return {
        ...after,
        warnings: [
          ...(isExposed(source, client) ? ['The connection to the database was not encrypted.'] : []),
          ...after.warnings,
          ...(await extensionWarnings(client, after.extensionTables)),
        ],
        client,
        end: ending(client),
        exportedId: facts.exportedId,
        takenAt: facts.takenAt,
        lockTimeoutMs,
        server: { version: facts.version, versionNumber: facts.versionNumber, encoding: facts.encoding, collation: facts.collation },
        home: projectRef(source.url) ?? `${facts.systemIdentifier ?? 'unknown'}/${facts.database}`,
      };
    }
    await client.query('rollback');
  }
  throw new BackupError('SCHEMA_CHANGING', `Listed ${ATTEMPTS} times, each time otherwise.`);
}

/**
 * Everything that will be read is locked in one statement, before the transaction's first query fixes the snapshot. False: a
 * table has vanished since it was listed, and the transaction is over.
 */
async function lock(client: pg.Client, tables: readonly SourceTable[], lockTimeoutMs: number): Promise<boolean> {
  const locked = tables.filter((table) => table.dataLeftOut === null);
  if (locked.length === 0) return true;
  try {
    await client.query(`lock table ${locked.map((table) => `only ${qualified(table)}`).join(', ')} in access share mode`);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    await client.query('rollback');
    if (error.code === '55P03') throw await tableLocked(client, locked, lockTimeoutMs);
    // Undefined table or schema, or an oid whose row went while it was looked up (“could not open relation”).
    if (error.code === '42P01' || error.code === '3F000' || error.code === 'XX000') return false;
    throw error;
  }
  return true;
}

type Facts = {
  exportedId: string;
  takenAt: Date;
  version: string;
  versionNumber: number;
  encoding: string;
  collation: string;
  database: string;
  systemIdentifier: string | null;
};

// pg_control_system needs a privilege that hosted databases may not give; those are known by their project ref.
const FACTS = `
  select pg_catalog.pg_export_snapshot() as "exportedId", pg_catalog.statement_timestamp() as "takenAt",
         pg_catalog.current_setting('server_version') as "version",
         pg_catalog.current_setting('server_version_num')::int as "versionNumber",
         pg_catalog.pg_encoding_to_char(d.encoding) as "encoding", d.datcollate as "collation", d.datname as "database",
         case when pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'execute')
              then (select system_identifier::text from pg_catalog.pg_control_system()) end as "systemIdentifier"
    from pg_catalog.pg_database d where d.datname = pg_catalog.current_database()`;

/** Supabase's project ref, from the host `db.<ref>.supabase.co` or the pooler's user `postgres.<ref>`; else null. */
export function projectRef(url: string): string | null {
  const { host, user } = describeUrl(url);
  return (
    /^db\.([a-z0-9]{20})\.supabase\.(co|in|net)$/.exec(host)?.[1] ??
    (host.endsWith('.pooler.supabase.com') ? (user.split('.')[1] ?? null) : null)
  );
}

/** Same tables with the same columns; sizes and estimates may differ. */
function isSame(a: SourceTables, b: SourceTables): boolean {
  const shape = (list: SourceTables): string =>
    JSON.stringify(list.tables.map(({ oid, schema, name, columns }) => [oid, schema, name, columns]));
  return shape(a) === shape(b);
}

/** Rows of each table in the snapshot, by oid: counted while they are small together, else as the planner estimates. */
export async function countRows(snapshot: Snapshot, countLimitBytes: number): Promise<{ rows: Map<number, number>; isEstimated: boolean }> {
  const tables = snapshot.tables.filter((table) => table.dataLeftOut === null);
  const { rows: sizes } = await snapshot.client.query<{ bytes: string }>(
    'select coalesce(sum(pg_catalog.pg_table_size(oid::pg_catalog.oid)), 0) as bytes from unnest($1::int8[]) x (oid)',
    [tables.map((table) => table.oid)],
  );
  if (Number(sizes[0].bytes) > countLimitBytes)
    return { rows: new Map(tables.map((table) => [table.oid, table.estimatedRows])), isEstimated: true };
  const rows = new Map<number, number>();
  for (const table of tables) {
    const { rows: counted } = await snapshot.client.query<{ count: string }>(`select count(*) as count from only ${qualified(table)}`);
    rows.set(table.oid, Number(counted[0].count));
  }
  return { rows, isEstimated: false };
}
