import { createRequire } from 'node:module';
import type ExcelJS from 'exceljs';
import * as z from 'zod';
import { BackupError } from '#lib/backup/errors.ts';
import { columnName } from './cells.ts';
import type { SheetColumn, SheetShell } from './sheet.ts';
import { unzipTexts } from './unzip.ts';

/** The colours of the console: zinc, and amber for what wants attention. */
const INK = 'FF18181B';
const QUIET = 'FF71717A';
const LINE = 'FFD4D4D8';
const PAPER = 'FFF4F4F5';
const AMBER = 'FFFEF3C7';
const LINK = 'FF1D4ED8';

const FONT = { name: 'Calibri', family: 2, color: { argb: INK } } as const;
const QUIET_FONT = { ...FONT, color: { argb: QUIET } } as const;
const TOP = { vertical: 'top' } as const;
const UNDERLINE = { bottom: { style: 'thin', color: { argb: LINE } } } as const;
const HEAD = { font: { ...FONT, bold: true }, fill: solid(PAPER), border: UNDERLINE } as const;

/** The styles of About and Dictionary, each drawn once by exceljs; rows are written with the ids it gave. */
const COVER_STYLES = {
  title: { font: { ...FONT, size: 26, bold: true }, alignment: { vertical: 'middle' } },
  subtitle: { font: { ...QUIET_FONT, size: 12 }, alignment: TOP },
  figure: { font: { ...FONT, size: 20 }, numFmt: '#,##0', alignment: { horizontal: 'left', vertical: 'bottom' } },
  heading: { font: { ...FONT, size: 13, bold: true }, border: UNDERLINE, alignment: { vertical: 'bottom' } },
  label: { font: { ...QUIET_FONT, size: 11 }, alignment: TOP },
  text: { font: { ...FONT, size: 11 }, alignment: TOP },
  wrapped: { font: { ...FONT, size: 11 }, alignment: { ...TOP, wrapText: true } },
  number: { font: { ...FONT, size: 11 }, numFmt: '#,##0', alignment: TOP },
  columnHead: { ...HEAD, alignment: { horizontal: 'left' } },
  numberHead: { ...HEAD, alignment: { horizontal: 'right' } },
  link: { font: { ...FONT, size: 11, color: { argb: LINK }, underline: true }, alignment: { ...TOP, horizontal: 'left', indent: 1 } },
  linkHead: { ...HEAD, alignment: { horizontal: 'left', indent: 1 } },
  warning: { font: { ...FONT, size: 11 }, fill: solid(AMBER), alignment: TOP },
} as const satisfies Record<string, Partial<ExcelJS.Style>>;

export type CoverStyle = keyof typeof COVER_STYLES;

/** The shell of a sheet that is not a table's, and the ids of the styles for its rows. */
export type CoverShell = { readonly head: string; readonly tail: string; readonly styles: Readonly<Record<CoverStyle, string>> };

/** A table's sheets to be drawn: all of them have the same columns. */
export type BookTable = {
  readonly columns: readonly (SheetColumn & { readonly type: string })[];
  readonly sheets: readonly { name: string; part: string }[];
};

/** Everything of the workbook but the rows of its sheets. */
export type Book = {
  readonly about: CoverShell;
  readonly dictionary: CoverShell;
  /** For each table the shell of its sheets; null for a table without. */
  readonly tables: readonly (SheetShell | null)[];
  /** Name → content of every part that is no sheet; `[Content_Types].xml` among them, with the backup's own parts declared. */
  readonly parts: ReadonlyMap<string, string>;
};

export const ABOUT_PART = 'xl/worksheets/sheet1.xml';
export const DICTIONARY_PART = 'xl/worksheets/sheet2.xml';

/** A margin, and the columns of the list of tables. */
const ABOUT_WIDTHS = [3, 36, 16, 16, 34, 44];
const DICTIONARY_WIDTHS = [12, 26, 28, 26, 26, 6, 11, 28, 32, 40];

/**
 * Lets exceljs draw the workbook once, without rows: styles, widths, frozen headers, filters, page set-up. The rows come
 * between head and tail, with the style ids that exceljs gave.
 * @throws BackupError SHEET_NOT_DRAWN when exceljs drew something else than expected
 */
export async function drawBook(tables: readonly BookTable[], facts: { title: string; createdAt: Date }): Promise<Book> {
  const { Workbook } = loadExcelJs();
  const workbook = new Workbook();
  workbook.creator = 'Backup Mode';
  workbook.title = facts.title;
  workbook.created = facts.createdAt;
  workbook.modified = facts.createdAt;
  drawCover(workbook, 'About', ABOUT_WIDTHS, 0);
  drawCover(workbook, 'Dictionary', DICTIONARY_WIDTHS, 1);
  for (const table of tables) for (const sheet of table.sheets) drawTable(workbook, sheet.name, table);
  const drawn = await unzipTexts(Buffer.from(await workbook.xlsx.writeBuffer()));
  const sheets = new Map<string, string>();
  const parts = new Map<string, string>();
  for (const [name, content] of drawn) (name.startsWith('xl/worksheets/sheet') ? sheets : parts).set(name, content);
  finishParts(
    parts,
    workbook.worksheets.map((sheet) => sheet.name),
  );
  return {
    about: coverShell(sheets, ABOUT_PART),
    dictionary: coverShell(sheets, DICTIONARY_PART),
    tables: tables.map((table) => (table.sheets.length === 0 ? null : tableShell(sheets, table))),
    parts,
  };
}

// exceljs is CommonJS; its export has a `default` or not, by who loads it.
function loadExcelJs(): { Workbook: new () => ExcelJS.Workbook } {
  return z
    .object({ Workbook: z.custom<new () => ExcelJS.Workbook>((value) => typeof value === 'function') })
    .parse(createRequire(import.meta.url)('exceljs'));
}

function solid(argb: string): ExcelJS.Fill {
  return { type: 'pattern', pattern: 'solid', fgColor: { argb } };
}

function pageSetup(): Partial<ExcelJS.PageSetup> {
  const margins = { left: 0.4, right: 0.4, top: 0.5, bottom: 0.6, header: 0.3, footer: 0.3 };
  return { orientation: 'landscape', paperSize: 9, fitToPage: true, fitToWidth: 1, fitToHeight: 0, margins };
}

function drawCover(workbook: ExcelJS.Workbook, name: string, widths: readonly number[], frozenRows: number): void {
  const sheet = workbook.addWorksheet(name, {
    views: [{ showGridLines: false, ...(frozenRows > 0 ? { state: 'frozen', ySplit: frozenRows } : {}) }],
    pageSetup: pageSetup(),
    headerFooter: { oddFooter: '&L&A&R&P / &N' },
  });
  for (const [n, width] of widths.entries()) sheet.getColumn(n + 1).width = width;
  const row = sheet.addRow([]);
  for (const [n, style] of Object.values(COVER_STYLES).entries()) row.getCell(n + 1).style = style;
}

function drawTable(workbook: ExcelJS.Workbook, name: string, table: BookTable): void {
  const sheet = workbook.addWorksheet(name, {
    views: [{ state: 'frozen', ySplit: 1 }],
    pageSetup: pageSetup(),
    headerFooter: { oddFooter: '&L&A&R&P / &N' },
  });
  const row = sheet.addRow([]);
  for (const [n, column] of table.columns.entries()) row.getCell(n + 1).style = valueStyle(column);
  const after = table.columns.length;
  row.getCell(after + 1).style = COVER_STYLES.columnHead;
  row.getCell(after + 2).style = COVER_STYLES.warning;
  if (after > 0) sheet.autoFilter = { from: { row: 1, column: 1 }, to: { row: 1, column: after } };
}

/** Texts begin a little off the left edge: the number in the column before ends there. */
function valueStyle(column: { kind: SheetColumn['kind']; type: string }): Partial<ExcelJS.Style> {
  const numFmt = numberFormat(column);
  if (column.kind === 'text') return { numFmt, alignment: { horizontal: 'left', indent: 1 } };
  return column.kind === 'boolean' ? { numFmt, alignment: { horizontal: 'center' } } : { numFmt };
}

/** How Excel shows the column's numbers; `numeric(12,2)` keeps its two decimals. */
function numberFormat(column: { kind: SheetColumn['kind']; type: string }): string {
  const scale = /^numeric\(\d+,(\d+)\)/.exec(column.type)?.[1] ?? '0';
  // Excel's General turns whole numbers of more than eleven digits into 1.7E+12.
  if (column.kind === 'number' && /^(smallint|integer|bigint|oid|numeric\(\d+(,0)?\))$/.test(column.type)) return '0';
  if (column.kind === 'number') return scale === '0' ? 'General' : `0.${'0'.repeat(Math.min(30, Number(scale)))}`;
  const formats = {
    text: '@',
    boolean: 'General',
    date: 'yyyy-mm-dd',
    timestamp: 'yyyy-mm-dd hh:mm:ss.000',
    timestamptz: 'yyyy-mm-dd hh:mm:ss.000"Z"',
    time: 'hh:mm:ss.000',
  };
  return formats[column.kind];
}

/** Splits a drawn sheet around its one example row and reads the style of each cell of it. */
function splitSheet(
  sheets: ReadonlyMap<string, string>,
  part: string,
): { head: string; tail: string; styleOf: (column: number) => string } {
  const xml = sheets.get(part) ?? '';
  const start = xml.indexOf('<sheetData>');
  const end = xml.indexOf('</sheetData>');
  if (start < 0 || end < 0) throw new BackupError('SHEET_NOT_DRAWN', `${part} has no rows to replace.`);
  // A cell without a style of its own is not written at all: 0 is the default style.
  const ids = new Map(Array.from(xml.slice(start, end).matchAll(/<c r="([A-Z]+)1" s="(\d+)"/g), (match) => [match[1], match[2]]));
  const styleOf = (column: number): string => ids.get(columnName(column)) ?? '0';
  // exceljs counted the example row; the real extent is not needed by any reader.
  return { head: xml.slice(0, start + '<sheetData>'.length).replace(/<dimension [^>]*\/>/, ''), tail: xml.slice(end), styleOf };
}

function coverShell(sheets: ReadonlyMap<string, string>, part: string): CoverShell {
  const { head, tail, styleOf } = splitSheet(sheets, part);
  const id = (style: CoverStyle): string => {
    const found = styleOf(Object.keys(COVER_STYLES).indexOf(style));
    if (found === '0') throw new BackupError('SHEET_NOT_DRAWN', `${part} lacks the style “${style}”.`);
    return found;
  };
  return {
    head,
    tail,
    styles: {
      title: id('title'),
      subtitle: id('subtitle'),
      figure: id('figure'),
      heading: id('heading'),
      label: id('label'),
      text: id('text'),
      wrapped: id('wrapped'),
      number: id('number'),
      columnHead: id('columnHead'),
      numberHead: id('numberHead'),
      link: id('link'),
      linkHead: id('linkHead'),
      warning: id('warning'),
    },
  };
}

function tableShell(sheets: ReadonlyMap<string, string>, table: BookTable): SheetShell {
  const { head, tail, styleOf } = splitSheet(sheets, table.sheets[0].part);
  const count = table.columns.length;
  const note = styleOf(count + 1);
  if (note === '0') throw new BackupError('SHEET_NOT_DRAWN', `“${table.sheets[0].name}” lacks its styles.`);
  return { head, tail, styles: { columns: table.columns.map((_, n) => styleOf(n)), header: styleOf(count), note, cut: note } };
}

const OWN_TYPES: Readonly<Record<string, string>> = {
  json: 'application/vnd.paliad.backup.manifest+json',
  sql: 'application/sql',
  copy: 'text/plain',
  md: 'text/markdown',
  py: 'text/x-python',
};

/** Declares the backup's own parts, asks readers to open the file read-only, repeats header rows in print. */
function finishParts(parts: Map<string, string>, sheetNames: readonly string[]): void {
  const types = Object.entries(OWN_TYPES).map(([extension, type]) => `<Default Extension="${extension}" ContentType="${type}"/>`);
  edit(parts, '[Content_Types].xml', '</Types>', `${types.join('')}</Types>`);
  edit(parts, 'xl/workbook.xml', '<workbookPr', '<fileSharing readOnlyRecommended="1"/><workbookPr');
  const titles = sheetNames.map((name, n) => {
    const quoted = `'${name.replaceAll("'", "''")}'`.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
    return n === 0 ? '' : `<definedName name="_xlnm.Print_Titles" localSheetId="${n}">${quoted}!$1:$1</definedName>`;
  });
  edit(parts, 'xl/workbook.xml', '</sheets>', `</sheets><definedNames>${titles.join('')}</definedNames>`);
}

/** Names each of the backup's own parts in the package's relationships, so that a reader knows that they belong to it. */
export function relateOwnParts(rootRelationships: string, ownParts: readonly string[]): string {
  const own = ownParts.map((part, n) => {
    const kind = part.slice(part.lastIndexOf('.') + 1);
    return `<Relationship Id="backup${n + 1}" Type="urn:paliad:backup:${kind}" Target="${part}"/>`;
  });
  return rootRelationships.replace('</Relationships>', `${own.join('')}</Relationships>`);
}

function edit(parts: Map<string, string>, part: string, find: string, replacement: string): void {
  const content = parts.get(part);
  if (content === undefined || !content.includes(find)) throw new BackupError('SHEET_NOT_DRAWN', `${part} lacks ${find}.`);
  parts.set(
    part,
    content.replace(find, () => replacement),
  );
}
