import { type Manifest, type ManifestTable, tableLabel } from '#lib/backup/manifest.ts';
import type { CoverShell, CoverStyle } from './book.ts';
import { escapeText } from './cell-text.ts';
import { columnName } from './cells.ts';

/** A cell of About or Dictionary: a text or a number in one of the styles; a link goes to a sheet of this workbook. */
type Cell = { readonly value: string | number; readonly style: CoverStyle; readonly sheet?: string };
type Row = readonly (Cell | null)[];

/** The sheet About: who, when, what; where each table is; what did not come along; how to bring it back. */
export function aboutSheet(shell: CoverShell, manifest: Manifest): string {
  return sheetXml(shell, [
    [cell(manifest.organisation, 'title')],
    [cell(`Backup of ${longDate(manifest.snapshotAt)}`, 'subtitle')],
    [],
    ...warningRows(manifest.warnings),
    ...factRows(manifest),
    [],
    ...noteRows(manifest),
    [],
    [cell('Tables', 'heading')],
    [
      cell('Table', 'columnHead'),
      cell('Rows', 'numberHead'),
      cell('Shown', 'numberHead'),
      cell('Sheet', 'columnHead'),
      cell('', 'columnHead'),
    ],
    ...manifest.tables.map(tableRow),
    [],
    ...notCoveredRows(manifest),
  ]);
}

function warningRows(warnings: readonly string[]): Row[] {
  const rows = warnings.map((warning): Row => [cell(warning, 'warning'), ...Array.from({ length: 4 }, () => cell('', 'warning'))]);
  return rows.length === 0 ? [] : [...rows, []];
}

function factRows(manifest: Manifest): Row[] {
  const dataBytes = manifest.tables.reduce((sum, table) => sum + table.sizeBytes, 0);
  const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
  const holds = `${whole(manifest.tables.length)} tables, ${whole(rows)} rows, ${megabytes(dataBytes)} of data, as they were at that moment`;
  return [
    fact('What it holds', holds),
    fact('Database', `“${manifest.source.database}” on ${manifest.source.host}, PostgreSQL ${manifest.server.version}`),
    fact('Asked for by', manifest.requestedBy),
    fact('Made by', `Backup Mode ${manifest.productVersion}, format ${manifest.format}`),
  ];
}

function noteRows(manifest: Manifest): Row[] {
  const notes = [
    'Do not save over this file. A spreadsheet program keeps the sheets and drops the parts that restore; save a copy under another name.',
    'The sheets are for reading. A restore uses the exact data that lies in this file beside them, so nothing you see here can be rounded into your database.',
    ...(holdsCredentials(manifest)
      ? [
          'This file holds the password hashes and second-factor secrets of your users (in its data, not in the sheets): keep it as safe as the database.',
        ]
      : []),
  ];
  const ways = [
    'One table, with this product:  npm run paliad -- extract FILE TABLE --out TABLE.xlsx',
    'Everything, without it: follow the guide inside this file, with nothing but unzip and psql:  unzip -p FILE backup/RESTORE.md',
  ];
  const texts = (lines: readonly string[]): Row[] => lines.map((line) => [cell(line, 'text')]);
  return [[cell('Please note', 'heading')], ...texts(notes), [], [cell('How to bring it back', 'heading')], ...texts(ways)];
}

/** The sheet Dictionary: a row for each column of each table. */
export function dictionarySheet(
  shell: CoverShell,
  manifest: Manifest,
  references: (table: ManifestTable, column: string) => string,
): string {
  const head = ['Schema', 'Table', 'Sheet', 'Column', 'Type', 'Key', 'Required', 'References', 'Default', 'Comment'];
  const rows = manifest.tables.flatMap((table) =>
    table.columns.map((column): Row => {
      const sheet = table.sheets[0]?.name;
      return [
        cell(table.schema, 'text'),
        cell(table.name, 'text'),
        sheet === undefined ? cell('', 'text') : { value: sheet, style: 'link', sheet },
        cell(column.name, 'text'),
        cell(column.type, 'text'),
        cell(table.primaryKey.includes(column.name) ? 'key' : '', 'text'),
        cell(column.isNullable ? '' : 'yes', 'text'),
        cell(references(table, column.name), 'text'),
        cell(column.isGenerated ? `computed: ${column.default ?? ''}` : column.isIdentity ? 'counted up' : (column.default ?? ''), 'text'),
        cell(column.comment ?? '', 'text'),
      ];
    }),
  );
  return sheetXml(shell, [head.map((text) => cell(text, 'columnHead')), ...rows]);
}

/** About, for one table that was taken out of a backup. */
export function oneTableCover(shell: CoverShell, manifest: Manifest, table: ManifestTable, sheets: ManifestTable['sheets']): string {
  return sheetXml(shell, [
    [cell(tableLabel(table), 'title')],
    [cell(`From the backup of ${longDate(manifest.snapshotAt)} — ${manifest.organisation}`, 'subtitle')],
    [],
    fact('Rows', whole(table.rows)),
    [],
    [
      cell('This is one table, for reading. It is not a backup and cannot be restored from.', 'warning'),
      cell('', 'warning'),
      cell('', 'warning'),
      cell('', 'warning'),
    ],
    [],
    ...sheets.map((sheet): Row => [{ value: sheet.name, style: 'link', sheet: sheet.name }, cell(sheet.rows, 'number')]),
  ]);
}

/** Dictionary, for one table that was taken out of a backup. */
export function oneTableDictionary(shell: CoverShell, manifest: Manifest, table: ManifestTable): string {
  return dictionarySheet(shell, { ...manifest, tables: [table] }, () => '');
}

function tableRow(table: ManifestTable): Row {
  const shown = table.sheets.reduce((sum, sheet) => sum + sheet.rows, 0);
  const sheet = table.sheets[0];
  const note =
    table.dataLeftOut !== null
      ? `Definition only: ${table.dataLeftOut}.`
      : sheet === undefined
        ? 'Not drawn as a sheet: it holds sign-in data.'
        : shown < table.rows
          ? `${whole(shown)} of ${whole(table.rows)} rows shown; all are in the backup.`
          : table.sheets.length > 1
            ? `Goes on in ${table.sheets
                .slice(1)
                .map(({ name }) => `“${name}”`)
                .join(', ')}.`
            : '';
  return [
    cell(tableLabel(table), 'text'),
    cell(table.rows, 'number'),
    sheet === undefined ? cell('', 'text') : cell(shown, 'number'),
    sheet === undefined ? cell('', 'text') : { value: sheet.name, style: 'link', sheet: sheet.name },
    cell(note, shown < table.rows && sheet !== undefined ? 'warning' : 'text'),
  ];
}

function notCoveredRows(manifest: Manifest): Row[] {
  const { notCovered } = manifest;
  const names = (list: readonly { schema: string; name: string }[]): string => list.map(tableLabel).join(', ');
  const facts: [string, string][] = [
    ['Views', names(notCovered.views) && `${names(notCovered.views)}: their definitions are in the backup; they show the restored rows.`],
    [
      'Materialized views',
      names(notCovered.materializedViews) && `${names(notCovered.materializedViews)}: to be refreshed after a restore.`,
    ],
    ['Foreign tables', names(notCovered.foreignTables) && `${names(notCovered.foreignTables)}: their rows live in another database.`],
    [
      'Unlogged tables',
      names(notCovered.unloggedTables) && `${names(notCovered.unloggedTables)}: the database itself keeps no safe copy of their rows.`,
    ],
    ['Large objects', notCovered.largeObjects > 0 ? `${whole(notCovered.largeObjects)} large objects are NOT in this backup.` : ''],
    [
      'Other schemas',
      notCovered.schemas.length > 0
        ? `${notCovered.schemas.join(', ')}: managed by Supabase, queues of other tools, or left out by setting.`
        : '',
    ],
    [
      'Not in a database',
      'Files of Storage, Auth settings, Edge Functions, Vault secrets and the JWT secret are not part of a database backup.',
    ],
  ];
  return [
    [cell('What did not come along', 'heading')],
    ...facts.filter(([, text]) => text !== '').map(([label, text]) => fact(label, text)),
  ];
}

function holdsCredentials(manifest: Manifest): boolean {
  return manifest.tables.some((table) => table.schema === 'auth' && table.rows > 0);
}

function cell(value: string | number, style: CoverStyle): Cell {
  return { value, style };
}

function fact(label: string, value: string): Row {
  return [cell(label, 'label'), cell(value, 'text')];
}

function sheetXml(shell: CoverShell, rows: readonly Row[]): string {
  const links: string[] = [];
  const body = rows.map((row, n) => {
    const cells = row.map((one, column) => (one === null ? '' : cellXml(shell, one, `${columnName(column)}${n + 1}`, links)));
    return cells.length === 0 ? '' : `<row r="${n + 1}">${cells.join('')}</row>`;
  });
  const hyperlinks = links.length === 0 ? '' : `<hyperlinks>${links.join('')}</hyperlinks>`;
  return shell.head + body.join('') + shell.tail.replace('</sheetData>', () => `</sheetData>${hyperlinks}`);
}

function cellXml(shell: CoverShell, { value, style, sheet }: Cell, reference: string, links: string[]): string {
  const id = shell.styles[style];
  if (typeof value === 'number') return `<c r="${reference}" s="${id}"><v>${value}</v></c>`;
  if (sheet !== undefined) {
    const target = escapeText(`'${sheet.replaceAll("'", "''")}'!A1`).replaceAll('"', '&quot;');
    links.push(`<hyperlink ref="${reference}" location="${target}"/>`);
  }
  if (value === '') return `<c r="${reference}" s="${id}"/>`;
  return `<c r="${reference}" s="${id}" t="inlineStr"><is><t xml:space="preserve">${escapeText(value.slice(0, 32_000).toWellFormed())}</t></is></c>`;
}

/** `Tuesday, 24 November 2026, 13:35:07 UTC`: the same words for every reader of the file. */
function longDate(iso: string): string {
  return `${new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'medium', timeZone: 'UTC' }).format(new Date(iso))} UTC`;
}

function whole(n: number): string {
  return n.toLocaleString('en-US');
}

function megabytes(bytes: number): string {
  return bytes < 1_000_000 ? `${whole(Math.ceil(bytes / 1000))} KB` : `${whole(Math.round(bytes / 1_000_000))} MB`;
}
