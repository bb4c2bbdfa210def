import { createRequire } from 'node:module';
import type ExcelJS from 'exceljs';
import type pg from 'pg';
import { run } from './programs.ts';

/** What a foreign reader sees in a cell: an instant as ISO text in UTC, a time of day as seconds, nothing as null. */
export type SeenCell = null | number | boolean | string | { readonly date: string } | { readonly seconds: number };

/** Rows by sheet; a row may be shorter than its sheet is wide. */
export type SeenSheets = ReadonlyMap<string, readonly (readonly SeenCell[])[]>;

/** Debian's Python has openpyxl; another one earlier on PATH need not. */
export const DEBIAN_PYTHON = '/usr/bin/python3';

/** A workbook as openpyxl reads it. openpyxl leaves `_xHHHH_` of inline strings as it stands; it is decoded here by the standard's rule. */
export async function readWithOpenpyxl(file: string): Promise<SeenSheets> {
  const lines = (await run(DEBIAN_PYTHON, [`${import.meta.dirname}/openpyxl-cells.py`, file])).split('\n').slice(0, -1);
  const sheets = new Map<string, SeenCell[][]>();
  for (const line of lines) {
    const [sheet, row, values]: [string, number, SeenCell[]] = JSON.parse(line);
    const rows = sheets.get(sheet) ?? [];
    sheets.set(sheet, rows);
    rows[row - 1] = values.map((value) => (typeof value === 'string' ? decodeEscapes(value) : value));
  }
  return sheets;
}

/** ISO/IEC 29500-1, 22.9.2.19 (ST_Xstring). */
export function decodeEscapes(text: string): string {
  return text.replace(/_x([0-9A-Fa-f]{4})_/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** A workbook as exceljs reads it; of inline strings it leaves `_xHHHH_` as it stands, too. */
export async function readWithExceljs(file: string): Promise<SeenSheets> {
  const { Workbook }: { Workbook: new () => ExcelJS.Workbook } = createRequire(import.meta.url)('exceljs');
  const workbook = new Workbook();
  await workbook.xlsx.readFile(file);
  return new Map(
    workbook.worksheets.map((sheet) => {
      const rows: SeenCell[][] = Array.from({ length: sheet.rowCount }, () => []);
      sheet.eachRow((row, number) => {
        row.eachCell((cell, column) => {
          rows[number - 1][column - 1] = seen(cell.value);
        });
      });
      return [sheet.name, rows];
    }),
  );
}

function seen(value: ExcelJS.CellValue): SeenCell {
  if (value instanceof Date) {
    const millisecondsOfDay = value.getTime() - Date.UTC(1899, 11, 30);
    return millisecondsOfDay < 86_400_000 ? { seconds: millisecondsOfDay / 1000 } : { date: value.toISOString().slice(0, -1) };
  }
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'string') return decodeEscapes(value);
  if (value !== null && typeof value === 'object' && 'text' in value) return String(value.text); // a link
  return null;
}

/** A table as the database says it, in the order in which it gives its rows: each value as text. */
export type DatabaseTable = { readonly columns: readonly { name: string; type: string }[]; readonly rows: readonly (string | null)[][] };

/** Reads a table's stored columns with `pg`, every value as the text that the server writes in UTC. */
export async function readTable(client: pg.Client, schema: string, name: string): Promise<DatabaseTable> {
  await client.query(
    "set datestyle = 'ISO, YMD'; set timezone = 'UTC'; set intervalstyle = 'postgres'; set extra_float_digits = 1; set lc_monetary = 'C'",
  );
  const { rows: columns } = await client.query<{ name: string; type: string; quoted: string }>(
    `select attname as name, case when t.typtype = 'd' then t.typbasetype::regtype else t.oid::regtype end::text as type,
            quote_ident(attname) as quoted
     from pg_attribute a join pg_type t on t.oid = atttypid
     where attrelid = format('%I.%I', $1::text, $2::text)::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum`,
    [schema, name],
  );
  const from = (await client.query<{ from: string }>("select format('%I.%I', $1::text, $2::text) as from", [schema, name])).rows[0].from;
  const text = `select ${columns.map((column) => column.quoted).join(', ')} from only ${from}`;
  const { rows } = await client.query<(string | null)[]>({
    text,
    rowMode: 'array',
    types: { getTypeParser: () => (value: string) => value },
  });
  return { columns, rows };
}

/** What a reader does not tell apart. LibreOffice knows no empty text beside an empty cell, and one kind of line break. */
export type Reader = { readonly showsEmptyText: boolean; readonly keepsCarriageReturns: boolean };

const NUMBERS = ['smallint', 'integer', 'bigint', 'numeric', 'real', 'double precision', 'oid'];
const CUT = /^([\s\S]*) … \[cut here: ([\d,]+) characters; the whole text is in the backup\]$/;

/** Why a cell does not show the value; null when it does. A shown instant may differ by half a millisecond, and by what a double in the year 9999 cannot hold. */
export function difference(value: string | null, type: string, cell: SeenCell | undefined, reader: Reader): string | null {
  if (isShown(value, type, cell ?? null, reader)) return null;
  return `${type} ${JSON.stringify(value)?.slice(0, 80)} is shown as ${JSON.stringify(cell)?.slice(0, 80)}`;
}

function isShown(value: string | null, type: string, cell: SeenCell, reader: Reader): boolean {
  if (value === null) return cell === null;
  if (value === '' && !reader.showsEmptyText) return cell === null || cell === '';
  if (cell === null) return false;
  if (typeof cell === 'string')
    return isText(reader.keepsCarriageReturns ? value : value.replaceAll('\r\n', '\n'), cell) && !mustBeNumber(value, type);
  if (typeof cell === 'number') return NUMBERS.includes(type) && Number(value) === cell;
  if (typeof cell === 'boolean') return type === 'boolean' && (value === 't') === cell;
  if ('seconds' in cell) return type === 'time without time zone' && Math.abs(secondsOf(value) - cell.seconds) < 0.000_502;
  if (type === 'time without time zone') return cell.date === '1900-01-01T00:00:00' && secondsOf(value) >= 86_399.9994;
  return Math.abs(microsecondsOf(value) - microsecondsOf(cell.date)) <= 545;
}

/** A whole number that Excel can hold is never drawn as text. */
function mustBeNumber(value: string, type: string): boolean {
  return ['smallint', 'integer', 'bigint'].includes(type) && Math.abs(Number(value)) < 1e15;
}

function isText(value: string, cell: string): boolean {
  if (value === cell) return true;
  const cut = CUT.exec(cell);
  if (cut === null) return false;
  return cell.length <= 32_767 && value.length > 32_767 && value.startsWith(cut[1]) && cut[2] === value.length.toLocaleString('en-US');
}

function secondsOf(time: string): number {
  const [hours, minutes, seconds] = time.split(':').map(Number);
  return hours * 3600 + minutes * 60 + seconds;
}

/** Microseconds since 1970 of `2024-02-29[ T]13:45:00.123456[+00]`. */
function microsecondsOf(text: string): number {
  const [, day, time = '00:00:00'] = /^(\d{4}-\d\d-\d\d)(?:[ T]([\d:.]+))?(?:\+00)?$/.exec(text) ?? [];
  return Date.parse(`${day}T00:00:00Z`) * 1000 + Math.round(secondsOf(time) * 1e6);
}
