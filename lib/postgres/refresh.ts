import type pg from 'pg';
import { qualified } from '#lib/backup/sql-text.ts';
import type { SourceTables } from './tables.ts';

// Through views, too. The longest way down decides: what another one reads comes before it.
const FILLED = `
  with recursive reads (reader, source) as (
    select distinct r.ev_class, d.refobjid
      from pg_catalog.pg_rewrite r join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and d.objid = r.oid
      join pg_catalog.pg_class c on c.oid = d.refobjid
     where d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjid <> r.ev_class and c.relkind in ('v', 'm')),
  way (root, at, depth) as (
    select c.oid, c.oid, 0 from pg_catalog.pg_class c where c.relkind = 'm'
    union
    select w.root, x.source, w.depth + 1 from way w join reads x on x.reader = w.at)
  select n.nspname as "schema", c.relname as "name"
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where c.relkind = 'm' and c.relispopulated and n.nspname = any ($1) and not exists (
         select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e')
   order by (select max(depth) from way where root = c.oid), n.nspname collate "C", c.relname collate "C"`;

/** SQL that fills the materialized views again which were filled: pg_dump counts that as data, which it does not dump for us. */
export async function refreshStatements(client: pg.Client, source: SourceTables): Promise<string> {
  const { rows } = await client.query<{ schema: string; name: string }>(FILLED, [source.coveredSchemas]);
  if (rows.length === 0) return '';
  return `\n--\n-- Materialized views are filled anew\n--\n\n${rows.map((view) => `refresh materialized view ${qualified(view)};\n`).join('')}`;
}
