import type pg from 'pg';
import { type Coverage, isSchemaCovered, MANAGED_TABLES, OWN_TABLES_WITHOUT_DATA } from '#lib/backup/coverage.ts';
import { BackupError } from '#lib/backup/errors.ts';
import { type ManifestColumn, type NotCovered, tableLabel } from '#lib/backup/manifest.ts';
import { type ExtensionTable, listExtensionTables } from './extension-tables.ts';
import { listDescents, notWhole, withLeaves } from './family.ts';

/** A table that the backup covers. */
export type SourceTable = {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly origin: 'application' | 'managed';
  readonly comment: string | null;
  readonly columns: readonly ManifestColumn[];
  readonly primaryKey: readonly string[];
  /** `column → schema.table` for each column of a foreign key. */
  readonly references: Readonly<Record<string, string>>;
  /** Why its rows are not in the backup; null: they are. */
  readonly dataLeftOut: string | null;
  readonly estimatedRows: number;
};

/** What a database holds, seen from one coverage. */
export type SourceTables = {
  readonly tables: readonly SourceTable[];
  readonly coveredSchemas: readonly string[];
  /** Every schema but Postgres's own that is not covered. */
  readonly otherSchemas: readonly string[];
  readonly notCovered: NotCovered;
  readonly extensionTables: readonly ExtensionTable[];
  /** Sentences about what looks covered and is not. */
  readonly warnings: readonly string[];
};

type Relation = {
  oid: number;
  schema: string;
  name: string;
  kind: string;
  isUnlogged: boolean;
  ofExtension: boolean;
  isReadable: boolean;
  isFiltered: boolean;
  comment: string | null;
  estimatedRows: number;
  referencesManaged: boolean;
};

// Temporary tables are other sessions' own; partitions are plain tables and hold the rows of their parent. Nothing here may wait
// for a table's lock (pg_table_size would): that is for the statement that waits for all of them, and not for ever.
const RELATIONS = `
  select c.oid::int8::float8 as "oid", n.nspname as "schema", c.relname as "name", c.relkind::text as "kind",
         c.relpersistence = 'u' as "isUnlogged",
         exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid
                 and d.deptype = 'e') as "ofExtension",
         pg_catalog.has_schema_privilege(n.oid, 'usage') is not false and pg_catalog.has_table_privilege(c.oid, 'select') is not false
           as "isReadable",
         c.relkind = 'r' and pg_catalog.row_security_active(c.oid) as "isFiltered",
         pg_catalog.obj_description(c.oid, 'pg_class') as "comment",
         greatest(c.reltuples, 0)::float8 as "estimatedRows",
         exists (select from pg_catalog.pg_constraint k join pg_catalog.pg_class f on f.oid = k.confrelid
                 where k.conrelid = c.oid and k.contype = 'f' and f.relnamespace::pg_catalog.regnamespace::text in ('auth', 'storage'))
           as "referencesManaged"
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and c.relpersistence <> 't' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
   order by n.nspname collate "C", c.relname collate "C"`;

const COLUMNS = `
  with recursive base (oid, root) as (
    select t.oid, t.oid from pg_catalog.pg_type t where t.typtype <> 'd'
    union all
    select t.oid, b.root from pg_catalog.pg_type t join base b on b.oid = t.typbasetype where t.typtype = 'd')
  select a.attrelid::int8::float8 as "table", a.attname as "name", pg_catalog.format_type(a.atttypid, a.atttypmod) as "type",
         r.typname as "baseType", not a.attnotnull as "isNullable", a.attgenerated <> '' as "isGenerated",
         a.attidentity <> '' as "isIdentity", pg_catalog.pg_get_expr(d.adbin, d.adrelid) as "default",
         pg_catalog.col_description(a.attrelid, a.attnum) as "comment",
         exists (select from pg_catalog.pg_index i where i.indrelid = a.attrelid and i.indisprimary and a.attnum = any (i.indkey))
           as "isKey",
         (select pg_catalog.array_position(i.indkey::int2[], a.attnum) from pg_catalog.pg_index i
           where i.indrelid = a.attrelid and i.indisprimary) as "keyPosition",
         (select fn.nspname || '.' || f.relname from pg_catalog.pg_constraint k join pg_catalog.pg_class f on f.oid = k.confrelid
            join pg_catalog.pg_namespace fn on fn.oid = f.relnamespace
           where k.conrelid = a.attrelid and k.contype = 'f' and a.attnum = any (k.conkey) order by k.conname limit 1) as "references"
    from pg_catalog.pg_attribute a join base b on b.oid = a.atttypid join pg_catalog.pg_type r on r.oid = b.root
    left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
   where a.attrelid = any ($1::oid[]) and a.attnum > 0 and not a.attisdropped
   order by a.attrelid, a.attnum`;

type ColumnRow = ManifestColumn & { table: number; isKey: boolean; keyPosition: number | null; references: string | null };

/**
 * Lists what is covered, what is not, and refuses what could not be read whole.
 * @throws BackupError SCHEMA_NOT_FOUND, TABLE_NOT_FOUND, TABLE_NOT_READABLE, ROWS_HIDDEN — each naming every object
 */
export async function listTables(client: pg.Client, wanted: Coverage): Promise<SourceTables> {
  const schemas = (await client.query<{ name: string }>(SCHEMAS)).rows.map((row) => row.name);
  const relations = (await client.query<Relation>(RELATIONS)).rows.filter((relation) => !relation.ofExtension);
  const descents = await listDescents(client);
  const coverage = { ...wanted, excludedData: withLeaves(wanted.excludedData, relations, descents) };
  const covered = schemas.filter((schema) => isSchemaCovered(schema, coverage));
  requireSchemas(coverage, schemas);
  const tables = chooseTables(relations, covered, coverage);
  const parted = relations.filter(({ kind, schema }) => kind === 'p' && covered.includes(schema));
  requireNamedTables(wanted, [...tables, ...parted]);
  refuseUnreadable(relations, tables, covered, coverage);
  const extensionTables = await listExtensionTables(client, coverage);
  const { rows } = await client.query<ColumnRow>(COLUMNS, [tables.map((table) => table.oid)]);
  const columns = Map.groupBy(rows, (row) => row.table);
  return {
    tables: tables.map((table) => describe(table, columns.get(table.oid) ?? [], coverage)),
    coveredSchemas: covered,
    otherSchemas: schemas.filter((schema) => !covered.includes(schema)),
    notCovered: {
      ...(await listNotCovered(client, relations, schemas, covered, coverage)),
      extensionTables: extensionTables.map(({ schema, name }) => ({ schema, name })),
    },
    extensionTables,
    warnings: notWhole(relations, descents, covered, wanted.excludedData),
  };
}

const SCHEMAS = `select nspname as name from pg_catalog.pg_namespace n where nspname !~ '^pg_' and nspname <> 'information_schema'
  and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
                  and d.objid = n.oid and d.deptype = 'e') order by nspname collate "C"`;

function requireSchemas(coverage: Coverage, existing: readonly string[]): void {
  const missing = (coverage.schemas ?? []).filter((schema) => !existing.includes(schema));
  if (missing.length > 0) throw new BackupError('SCHEMA_NOT_FOUND', `Missing: ${missing.join(', ')}. There are: ${existing.join(', ')}.`);
}

function requireNamedTables(coverage: Coverage, tables: readonly Relation[]): void {
  const missing = coverage.excludedData.filter((label) => !tables.some((table) => tableLabel(table) === label));
  if (missing.length > 0)
    throw new BackupError('TABLE_NOT_FOUND', `To be left out, but not among the covered tables: ${missing.join(', ')}.`);
}

/** All of the covered schemas, then the managed ones: those always with a whole backup, else where a foreign key needs them. */
function chooseTables(relations: readonly Relation[], covered: readonly string[], coverage: Coverage): Relation[] {
  const application = relations.filter((relation) => relation.kind === 'r' && covered.includes(relation.schema));
  const needsManaged = coverage.schemas === null || application.some((table) => table.referencesManaged);
  const managed = relations.filter(
    (relation) =>
      needsManaged &&
      relation.kind === 'r' &&
      !covered.includes(relation.schema) &&
      MANAGED_TABLES.some((table) => table.schema === relation.schema && table.name === relation.name),
  );
  return [...application, ...managed];
}

function leftOutReason(table: Relation, coverage: Coverage): string | null {
  if (coverage.excludedData.includes(tableLabel(table))) return 'left out by setting';
  if (OWN_TABLES_WITHOUT_DATA.includes(tableLabel(table))) return 'work in flight';
  return table.isUnlogged ? 'unlogged' : null;
}

/** All at once and by name, before the first row: nobody should have to mend one table after the other. */
function refuseUnreadable(
  relations: readonly Relation[],
  tables: readonly Relation[],
  covered: readonly string[],
  coverage: Coverage,
): void {
  const list = (heading: string, found: readonly Relation[]): string[] =>
    found.length === 0 ? [] : [`${heading}: ${found.map(tableLabel).join(', ')}.`];
  const shut = relations.filter((relation) => covered.includes(relation.schema) && !relation.isReadable);
  const unreadable = [
    // pg_dump asks for the same right, also where rows are left out: it locks what it describes.
    ...list('Tables', [...shut.filter(({ kind }) => kind === 'p'), ...tables.filter((table) => !table.isReadable)]),
    ...list(
      'Sequences',
      shut.filter(({ kind }) => kind === 'S'),
    ),
  ];
  if (unreadable.length > 0) throw new BackupError('TABLE_NOT_READABLE', unreadable.join(' '));
  const hidden = list(
    'Tables',
    tables.filter((table) => table.isFiltered && leftOutReason(table, coverage) === null),
  );
  if (hidden.length > 0) throw new BackupError('ROWS_HIDDEN', hidden.join(' '));
}

function describe(table: Relation, columns: readonly ColumnRow[], coverage: Coverage): SourceTable {
  const key = columns.filter((column) => column.isKey).sort((a, b) => (a.keyPosition ?? 0) - (b.keyPosition ?? 0));
  return {
    oid: table.oid,
    schema: table.schema,
    name: table.name,
    origin: isSchemaCovered(table.schema, coverage) ? 'application' : 'managed',
    comment: table.comment,
    columns,
    primaryKey: key.map((column) => column.name),
    references: Object.fromEntries(columns.flatMap((column) => (column.references === null ? [] : [[column.name, column.references]]))),
    dataLeftOut: leftOutReason(table, coverage),
    estimatedRows: table.estimatedRows,
  };
}

async function listNotCovered(
  client: pg.Client,
  relations: readonly Relation[],
  schemas: readonly string[],
  covered: readonly string[],
  coverage: Coverage,
): Promise<Omit<NotCovered, 'extensionTables'>> {
  const named = (isOne: (relation: Relation) => boolean): { schema: string; name: string }[] =>
    relations.filter((relation) => covered.includes(relation.schema) && isOne(relation)).map(({ schema, name }) => ({ schema, name }));
  const { rows } = await client.query<{ count: number }>('select count(*)::int as count from pg_catalog.pg_largeobject_metadata');
  return {
    schemas: coverage.schemas === null ? schemas.filter((schema) => !covered.includes(schema)) : [],
    views: named((relation) => relation.kind === 'v'),
    materializedViews: named((relation) => relation.kind === 'm'),
    foreignTables: named((relation) => relation.kind === 'f'),
    unloggedTables: named((relation) => relation.kind === 'r' && relation.isUnlogged),
    largeObjects: rows[0].count,
  };
}
