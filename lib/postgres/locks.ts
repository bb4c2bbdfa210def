import type pg from 'pg';
import { BackupError } from '#lib/backup/errors.ts';

// Held or wanted: whoever waits for the table alone makes every later reader wait behind it.
const SHUT = `
  select distinct n.nspname || '.' || c.relname as "table", l.pid
    from pg_catalog.pg_locks l join pg_catalog.pg_class c on c.oid = l.relation join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where l.locktype = 'relation' and l.mode = 'AccessExclusiveLock' and l.relation = any ($1::oid[])
     and l.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
     and l.pid <> pg_catalog.pg_backend_pid() order by 1, 2`;

/** What to say after waiting so long in vain for one of these tables: which ones, and which sessions of the server keep them shut. */
export async function tableLocked(client: pg.Client, tables: readonly { oid: number }[], waitedMs: number): Promise<BackupError> {
  const { rows } = await client.query<{ table: string; pid: number }>(SHUT, [tables.map((table) => table.oid)]);
  const waited = `Waited ${waitedMs / 1000} s`;
  const names = rows.map((row) => `${row.table} (session ${row.pid} of the server)`);
  return new BackupError(
    'TABLE_LOCKED',
    names.length === 0 ? `${waited}; it has just become free.` : `${waited} for: ${names.join(', ')}.`,
  );
}
