import { type Manifest, type ManifestTable, PART, tableLabel } from '#lib/backup/manifest.ts';
import { literal, qualified, quoted } from '#lib/backup/sql-text.ts';

const PSQL = 'psql "$TARGET" -X -q -v ON_ERROR_STOP=1';

/** `backup/RESTORE.md`: the commands that restore this very file with unzip and psql alone, and what it cannot bring back. */
export function restoreGuide(manifest: Manifest): string {
  const application = manifest.tables.filter((table) => table.origin === 'application' && table.dataLeftOut === null);
  const managed = manifest.tables.filter((table) => table.origin === 'managed' && table.rows > 0);
  return `# How to restore this backup with unzip and psql

Organisation: ${line(manifest.organisation)}. State of ${manifest.snapshotAt}. Source: database “${line(manifest.source.database)}”, PostgreSQL ${manifest.server.version}.

You need \`unzip\`, \`psql\` (version 13 or newer) and an empty database of PostgreSQL ${majorOf(manifest)} or newer: a new one, or a new Supabase
project. Work through the steps in order, in one shell; stop at the first error, drop the database, begin again.
With Python 3 at hand, one command does all of it in one transaction:

\`\`\`sh
unzip -p BACKUP.xlsx backup/restore.py > restore.py
python3 restore.py BACKUP.xlsx postgres://user:password@host:5432/database
\`\`\`

## 1 Where from, where to

\`\`\`sh
BACKUP=BACKUP.xlsx
TARGET=postgres://user:password@host:5432/database
psql "$TARGET" -Atc 'show server_version' # should not be older than ${manifest.server.version.split(' ')[0]}
export PGCLIENTENCODING=UTF8 PGOPTIONS='-c datestyle=ISO,YMD -c intervalstyle=postgres -c lc_monetary=C'
unzip -tq "$BACKUP" # must say that no errors were detected
\`\`\`

## 2 Roles and schemas that the definitions name

\`\`\`sh
${prepare(manifest)}
unzip -p "$BACKUP" ${PART.standIn} | ${PSQL} # where the target is no Supabase project: stand-ins for what Supabase brings along
\`\`\`

## 3 Tables, types, functions

\`\`\`sh
unzip -p "$BACKUP" ${PART.schemaPre} | ${PSQL} -o /dev/null
\`\`\`

## 4 Rows

\`\`\`sh
${application.map(copyCommand).join('\n')}
\`\`\`
${managedSection(managed)}
## 5 Sequences

\`\`\`sh
unzip -p "$BACKUP" ${PART.sequences} | ${PSQL} -o /dev/null
\`\`\`

## 6 Keys, indexes, triggers, policies

\`\`\`sh
unzip -p "$BACKUP" ${PART.schemaPost} | ${PSQL} -o /dev/null
\`\`\`

## 7 Compare

Each table must have as many rows as here; \`select count(*) from …\` tells.

| table | rows |
|---|---|
${[...application, ...managed].map((table) => `| ${line(tableLabel(table)).replaceAll('|', '\\|')} | ${table.rows} |`).join('\n')}

## What did not come along

- Files of Supabase Storage (their list, storage.objects, is here when you use it), Auth settings and providers, Edge Functions and their
  secrets, Vault secrets, the JWT secret and API keys, network and database settings of the project.
- Cron jobs are listed, never switched on, so that a copy does not run what the original runs: ${listed(manifest.inventory.cronJobs.map((job) => `${job.name} (${job.schedule})`))}.
- Rows of tables left out: ${listed(manifest.tables.filter((table) => table.dataLeftOut !== null).map((table) => `${tableLabel(table)} (${table.dataLeftOut})`))}.
- Materialized views have no rows of their own here, step 6 fills them again: ${listed(manifest.notCovered.materializedViews.map(tableLabel))}.
- Foreign tables: ${listed(manifest.notCovered.foreignTables.map(tableLabel))}. Large objects: ${manifest.notCovered.largeObjects}.
- Tables of extensions, which make them again without rows of yours: ${listed(manifest.notCovered.extensionTables.map(tableLabel))}.
- Other schemas: ${listed(manifest.notCovered.schemas)}.
`;
}

function majorOf(manifest: Manifest): number {
  return Math.floor(manifest.server.versionNumber / 10_000);
}

function prepare(manifest: Manifest): string {
  const roles = manifest.inventory.roles.map(
    (role) =>
      `printf '%s\\n' ${shell(`select ${literal(`create role ${quoted(role)}`)} where not exists (select from pg_roles where rolname = ${literal(role)}) \\gexec`)} | ${PSQL}`,
  );
  // Extensions are made with the definitions; a schema that is covered is made there too, just before.
  const made = [...manifest.schema.covered, 'public', 'pg_catalog'];
  const places = new Set(manifest.inventory.extensions.map((extension) => extension.schema).filter((schema) => !made.includes(schema)));
  const schemas = Array.from(places, (schema) => `${PSQL} -c ${shell(`create schema if not exists ${quoted(schema)}`)}`);
  return [...roles, ...schemas].join('\n') || 'true # none';
}

/** The command that loads one table. Shown in this guide, and tried by the tests exactly as it stands there. */
function copyCommand(table: ManifestTable): string {
  const columns = table.columns.filter((column) => !column.isGenerated).map((column) => quoted(column.name));
  const list = columns.length === 0 ? '' : ` (${columns.join(', ')})`;
  const statement = `copy ${qualified(table)}${list} from stdin`;
  return `unzip -p "$BACKUP" ${table.parts.map((part) => part.name).join(' ')} | ${PSQL} -c ${shell(statement)}`;
}

function managedSection(tables: readonly ManifestTable[]): string {
  if (tables.length === 0) return '';
  return `
The rows of the tables that Supabase makes. In a Supabase project users can sign in again with their passwords; elsewhere the foreign keys
to these rows hold:

\`\`\`sh
${tables.map(copyCommand).join('\n')}
\`\`\`
`;
}

/** `backup/sequences.sql`: where each sequence stands. */
export function sequencesSql(manifest: Manifest): string {
  return manifest.sequences
    .map(
      ({ schema, name, lastValue, isCalled }) =>
        `select pg_catalog.setval(${literal(qualified({ schema, name }))}, ${lastValue}, ${isCalled});\n`,
    )
    .join('');
}

function shell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.map(line).join(', ');
}

/** A text that stays on its line. */
function line(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}
