import { writeDate, writeTime, writeTimestamp } from './cell-dates.ts';
import { isPlainNumber } from './cell-numbers.ts';
import { CELL_MAX_BYTES, TextCells } from './cell-text.ts';

/** How a column's values are drawn. */
export type CellKind = 'text' | 'number' | 'boolean' | 'date' | 'timestamp' | 'timestamptz' | 'time';

const KINDS: Readonly<Record<string, CellKind>> = {
  int2: 'number',
  int4: 'number',
  int8: 'number',
  oid: 'number',
  float4: 'number',
  float8: 'number',
  numeric: 'number',
  bool: 'boolean',
  date: 'date',
  timestamp: 'timestamp',
  timestamptz: 'timestamptz',
  time: 'time',
};

/** The kind of a column, by the `pg_type.typname` below all its domains. What Excel has no kind for is text. */
export function cellKind(baseType: string): CellKind {
  return KINDS[baseType] ?? 'text';
}

/** The style ids that exceljs gave: one a column, and the one of a cell whose text was cut. */
export type SheetStyles = { readonly columns: readonly string[]; readonly cut: string };

const TAB = 9;
const BACKSLASH = 92;
const NULL_LETTER = 78;
const LETTER_T = 116;

const ROW_START = Buffer.from('<row r="');
const ROW_END = Buffer.from('</row>');
const VALUE_END = Buffer.from('</v></c>');
const TRUE = Buffer.from('1</v></c>');
const FALSE = Buffer.from('0</v></c>');

type Column = { kind: CellKind; head: Buffer; value: Buffer; boolean: Buffer; text: Buffer; cut: Buffer };

/**
 * Draws rows of COPY text as rows of a sheet: bytes to bytes, no string per cell. A cell shows the database's value or is
 * visibly marked as cut; it never shows another value. Every cell has its reference: exceljs's own reader needs them.
 */
export class CellWriter {
  readonly #columns: readonly Column[];
  readonly #text = new TextCells();
  readonly #digits = Buffer.alloc(8);
  #digitCount = 0;

  constructor(kinds: readonly CellKind[], styles: SheetStyles) {
    this.#columns = kinds.map((kind, n) => {
      const style = ` s="${styles.columns[n]}"`;
      return {
        kind,
        head: Buffer.from(`<c r="${columnName(n)}`),
        value: Buffer.from(`"${style}><v>`),
        boolean: Buffer.from(`"${style} t="b"><v>`),
        text: Buffer.from(`"${style} t="inlineStr"><is><t>`),
        cut: Buffer.from(`" s="${styles.cut}" t="inlineStr"><is><t>`),
      };
    });
  }

  /** The most bytes that a row of `length` bytes can become. */
  worstCase(length: number): number {
    return Math.min(length * 7, this.#columns.length * CELL_MAX_BYTES) + this.#columns.length * 110 + 64;
  }

  /** Writes the row [start, end) of `source`, without its line feed, as row `rowNumber` at `at`. Returns where it ends. */
  row(source: Buffer, start: number, end: number, rowNumber: number, out: Buffer, at: number): number {
    this.#setRowNumber(rowNumber);
    let p = put(out, at, ROW_START);
    p = this.#putRowNumber(out, p);
    out[p++] = 34; // "
    out[p++] = 62; // >
    let from = start;
    for (const column of this.#columns) {
      let stop = from;
      while (stop < end && source[stop] !== TAB) stop++;
      const isNull = stop - from === 2 && source[from] === BACKSLASH && source[from + 1] === NULL_LETTER;
      if (!isNull) {
        p = put(out, p, column.head);
        p = this.#putRowNumber(out, p);
        p = this.#cell(column, source, from, stop, out, p);
      }
      from = stop + 1;
    }
    return put(out, p, ROW_END);
  }

  #cell(column: Column, source: Buffer, from: number, stop: number, out: Buffer, at: number): number {
    if (column.kind === 'text') return this.#text.write(column.text, column.cut, source, from, stop, out, at);
    if (column.kind === 'boolean') return put(out, put(out, at, column.boolean), source[from] === LETTER_T ? TRUE : FALSE);
    const value = put(out, at, column.value);
    const p = writeValue(column.kind, source, from, stop, out, value);
    return p < 0 ? this.#text.write(column.text, column.cut, source, from, stop, out, at) : put(out, p, VALUE_END);
  }

  #setRowNumber(rowNumber: number): void {
    let rest = rowNumber;
    let count = 1;
    for (let limit = 10; rest >= limit; limit *= 10) count++;
    this.#digitCount = count;
    for (let k = count - 1; k >= 0; k--) {
      const tenth = (rest / 10) | 0;
      this.#digits[k] = 48 + rest - tenth * 10;
      rest = tenth;
    }
  }

  #putRowNumber(out: Buffer, at: number): number {
    const count = this.#digitCount;
    for (let k = 0; k < count; k++) out[at + k] = this.#digits[k];
    return at + count;
  }
}

/** Writes what stands between <v> and </v>. Returns where it ends, or -1: Excel would show another value. */
function writeValue(kind: CellKind, source: Buffer, from: number, stop: number, out: Buffer, at: number): number {
  switch (kind) {
    case 'number':
      return isPlainNumber(source, from, stop) ? copy(source, from, stop, out, at) : -1;
    case 'date':
      return writeDate(source, from, stop, out, at);
    case 'timestamp':
      return writeTimestamp(source, from, stop, 0, out, at);
    case 'timestamptz':
      return writeTimestamp(source, from, stop, 3, out, at);
    case 'time':
      return writeTime(source, from, stop, out, at);
    default:
      return -1;
  }
}

function put(out: Buffer, at: number, bytes: Buffer): number {
  const count = bytes.length;
  for (let k = 0; k < count; k++) out[at + k] = bytes[k];
  return at + count;
}

function copy(source: Buffer, from: number, stop: number, out: Buffer, at: number): number {
  for (let k = from; k < stop; k++) out[at + k - from] = source[k];
  return at + stop - from;
}

/** `A`, `B`, …, `Z`, `AA`, … for 0, 1, … */
export function columnName(index: number): string {
  let name = '';
  for (let n = index + 1; n > 0; n = Math.floor((n - 1) / 26)) name = String.fromCharCode(65 + ((n - 1) % 26)) + name;
  return name;
}
