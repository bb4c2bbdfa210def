import type pg from 'pg';
import { type Coverage, isSchemaCovered } from '#lib/backup/coverage.ts';
import { tableLabel } from '#lib/backup/manifest.ts';
import { qualified } from '#lib/backup/sql-text.ts';

/** A table that an extension made. */
export type ExtensionTable = {
  readonly schema: string;
  readonly name: string;
  readonly extension: string;
  /** Whether the extension says that people keep rows of their own in it (`pg_extension_config_dump`). */
  readonly isConfiguration: boolean;
  /** Which of its rows are people's, as `WHERE …`; empty: all. */
  readonly condition: string;
  /** Whether every row of it can be seen. */
  readonly isReadable: boolean;
};

const TABLES = `
  select n.nspname as "schema", c.relname as "name", e.extname as "extension", k.at is not null as "isConfiguration",
         coalesce(e.extcondition[k.at], '') as "condition",
         pg_catalog.has_schema_privilege(n.oid, 'usage') is not false and pg_catalog.has_table_privilege(c.oid, 'select') is not false
           and not pg_catalog.row_security_active(c.oid) as "isReadable"
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e'
    join pg_catalog.pg_extension e on d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass and e.oid = d.refobjid
    left join lateral (select pg_catalog.array_position(e.extconfig, c.oid) as at) k on true
   where c.relkind = 'r'
   order by n.nspname collate "C", c.relname collate "C"`;

/** The tables of extensions in schemas that nobody leaves out. None of their rows are ever in a backup. */
export async function listExtensionTables(client: pg.Client, coverage: Coverage): Promise<ExtensionTable[]> {
  return (await client.query<ExtensionTable>(TABLES)).rows.filter(({ schema }) => isSchemaCovered(schema, coverage));
}

/**
 * A sentence for each of them in which people keep rows: those go missing when a backup is restored. Looks into the tables, and
 * so may wait for somebody's lock.
 */
export async function extensionWarnings(client: pg.Client, tables: readonly ExtensionTable[]): Promise<string[]> {
  const warnings: string[] = [];
  for (const table of tables) {
    if (!table.isConfiguration) continue;
    const whose = `it belongs to the extension ${table.extension}.`;
    if (!table.isReadable) {
      warnings.push(`Whether ${tableLabel(table)} holds rows cannot be seen; they are not in a backup: ${whose}`);
      continue;
    }
    const { rows } = await client.query<{ is: boolean }>(`select exists (select from only ${qualified(table)} ${table.condition}) as is`);
    if (rows[0].is) warnings.push(`The rows of ${tableLabel(table)} are not in a backup: ${whose}`);
  }
  return warnings;
}
