import { type Manifest, type ManifestTable, tableLabel } from '#lib/backup/manifest.ts';
import type { CoverShell, CoverStyle } from './book.ts';
import { escapeText } from './cell-text.ts';
import { columnName } from './cells.ts';

/** A cell of About or Dictionary: a text or a number in one of the styles; a link goes to a sheet of this workbook. */
type Cell = { readonly value: string | number; readonly style: CoverStyle; readonly sheet?: string };
type Row = readonly (Cell | null)[];

/** How much room the words of About have, in characters: from the first column on, and from the second one. */
const WIDE = 140;
const NARROW = 115;

/** The sheet About: who, when, what; what to mind; where each table is; what did not come along. */
export function aboutSheet(shell: CoverShell, manifest: Manifest): string {
  return sheetXml(
    shell,
    indented([
      [],
      [cell(manifest.organisation, 'title')],
      [cell(`Backup of ${longDate(manifest.snapshotAt)}`, 'subtitle')],
      [],
      ...figureRows(manifest),
      [],
      ...warningRows(manifest.warnings),
      ...fact('Database', `“${manifest.source.database}” on ${manifest.source.host}, PostgreSQL ${manifest.server.version}`),
      ...fact('Asked for by', manifest.requestedBy),
      ...fact('Made by', `Backup Mode ${manifest.productVersion}, format ${manifest.format}`),
      [],
      ...noteRows(manifest),
      [],
      heading('Tables'),
      [
        cell('Table', 'columnHead'),
        cell('Rows', 'numberHead'),
        cell('Shown', 'numberHead'),
        cell('Sheet', 'linkHead'),
        cell('', 'columnHead'),
      ],
      ...manifest.tables.map(tableRow),
      [],
      ...notCoveredRows(manifest),
    ]),
  );
}

function figureRows(manifest: Manifest): Row[] {
  const sum = (of: (table: ManifestTable) => number): number => manifest.tables.reduce((total, table) => total + of(table), 0);
  return [
    [
      cell(manifest.tables.length, 'figure'),
      cell(
        sum((table) => table.rows),
        'figure',
      ),
      cell(megabytes(sum((table) => table.sizeBytes)), 'figure'),
    ],
    [cell('tables', 'label'), cell('rows', 'label'), cell('of data', 'label')],
  ];
}

function warningRows(warnings: readonly string[]): Row[] {
  const rows = warnings.flatMap((warning) => lines(warning, WIDE)).map((line): Row => across(cell(line, 'warning')));
  return rows.length === 0 ? [] : [...rows, []];
}

function noteRows(manifest: Manifest): Row[] {
  const notes = [
    'Do not save over this file: a spreadsheet program keeps the sheets and drops the parts that restore. Save a copy under another name.',
    'The sheets are for reading. A restore uses the exact data that lies in this file beside them, down to the last digit.',
    ...(holdsCredentials(manifest)
      ? [
          'Password hashes and second-factor secrets of your users are in this file’s data, not in its sheets: keep it as safe as the database.',
        ]
      : []),
  ];
  const ways: [string, string][] = [
    ['One table, with this product', 'npm run paliad -- extract FILE TABLE --out TABLE.xlsx'],
    ['Everything, with unzip and psql', 'the guide is inside this file:  unzip -p FILE backup/RESTORE.md'],
  ];
  return [
    heading('Please note'),
    ...notes.flatMap((note) => lines(note, WIDE)).map((line): Row => [cell(line, 'text')]),
    [],
    heading('How to bring it back'),
    ...ways.flatMap(([label, way]) => fact(label, way)),
  ];
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
        cell(references(table, column.name), 'wrapped'),
        cell(column.isGenerated ? `computed: ${column.default ?? ''}` : column.isIdentity ? 'counted up' : (column.default ?? ''), 'text'),
        cell(column.comment ?? '', 'wrapped'),
      ];
    }),
  );
  return sheetXml(shell, [head.map((text) => cell(text, text === 'Sheet' ? 'linkHead' : 'columnHead')), ...rows]);
}

/** About, for one table that was taken out of a backup. */
export function oneTableCover(shell: CoverShell, manifest: Manifest, table: ManifestTable, sheets: ManifestTable['sheets']): string {
  return sheetXml(
    shell,
    indented([
      [],
      [cell(tableLabel(table), 'title')],
      [cell(`From the backup of ${longDate(manifest.snapshotAt)} — ${manifest.organisation}`, 'subtitle')],
      [],
      [cell(table.rows, 'figure'), cell(megabytes(table.sizeBytes), 'figure')],
      [cell('rows', 'label'), cell('of data', 'label')],
      [],
      across(cell('This is one table, for reading. It is not a backup and cannot be restored from.', 'warning')),
      [],
      ...sheets.map((sheet): Row => [{ value: sheet.name, style: 'link', sheet: sheet.name }, cell(sheet.rows, 'number')]),
    ]),
  );
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
    [
      'Tables of extensions',
      names(notCovered.extensionTables) &&
        `${names(notCovered.extensionTables)}: the extension makes them; rows of your own in them are NOT here.`,
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
  return [heading('What did not come along'), ...facts.filter(([, text]) => text !== '').flatMap(([label, text]) => fact(label, text))];
}

function holdsCredentials(manifest: Manifest): boolean {
  return manifest.tables.some((table) => table.schema === 'auth' && table.rows > 0);
}

function cell(value: string | number, style: CoverStyle): Cell {
  return { value, style };
}

/** A label and what is said about it, on as many lines as it needs. */
function fact(label: string, value: string): Row[] {
  return lines(value, NARROW).map((line, n) => [cell(n === 0 ? label : '', 'label'), cell(line, 'text')]);
}

function heading(text: string): Row {
  return across(cell(text, 'heading'));
}

/** A cell whose line or colour goes on to the last column. */
function across(first: Cell): Row {
  return [first, ...Array.from({ length: 4 }, () => cell('', first.style))];
}

/** The rows behind the margin. */
function indented(rows: readonly Row[]): Row[] {
  return rows.map((row) => (row.length === 0 ? row : [null, ...row]));
}

/** A text as lines of at most `width` characters, broken between words where it can be. */
function lines(text: string, width: number): string[] {
  const found: string[] = [];
  for (let rest = text; rest !== ''; ) {
    const space = rest.length > width ? rest.lastIndexOf(' ', width) : -1;
    const end = rest.length <= width ? rest.length : space > 0 ? space : width;
    found.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return found.length === 0 ? [''] : found;
}

/** What a line of the narrowest wrapped column holds. */
const WRAPPED_CHARACTERS = 28;

/** Heights in points of rows whose letters are larger. */
const HEIGHTS: Partial<Record<CoverStyle, number>> = { title: 38, subtitle: 20, figure: 30, heading: 24, columnHead: 18 };

/** Readers do not make room for wrapped texts by themselves: the height in points for the longest one. */
function wrappedHeight(row: Row): number | undefined {
  const longest = Math.max(0, ...row.map((one) => (one?.style === 'wrapped' ? String(one.value).length : 0)));
  return longest <= WRAPPED_CHARACTERS ? undefined : Math.min(400, 15 * Math.ceil(longest / WRAPPED_CHARACTERS));
}

function sheetXml(shell: CoverShell, rows: readonly Row[]): string {
  const links: string[] = [];
  const body = rows.map((row, n) => {
    const cells = row.map((one, column) => (one === null ? '' : cellXml(shell, one, `${columnName(column)}${n + 1}`, links)));
    if (cells.length === 0) return '';
    const height = HEIGHTS[row.find((one) => one !== null)?.style ?? 'text'] ?? wrappedHeight(row);
    const tall = height === undefined ? '' : ` ht="${height}" customHeight="1"`;
    return `<row r="${n + 1}"${tall}>${cells.join('')}</row>`;
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
