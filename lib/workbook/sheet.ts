import { crc32 } from 'node:zlib';
import { escapeText } from './cell-text.ts';
import { type CellKind, CellWriter, columnName, type SheetStyles } from './cells.ts';
import { DEFLATE_END, OrderedDeflate, SLOT_BYTES, type SlotPool } from './deflate.ts';
import { type PlannedSheet, SHEET_MAX_ROWS } from './plan.ts';
import type { Spool } from './spool.ts';
import { fitShell } from './widths.ts';
import type { ZipWriter } from './zip.ts';

/** What exceljs drew of a table's sheet: everything before and behind its rows, and the ids of its styles. */
export type SheetShell = {
  /** Up to and with `<sheetData>`; widths of columns are set when the first rows are known. */
  readonly head: string;
  /** From `</sheetData>` on; its filter range is set when the last row is known. */
  readonly tail: string;
  readonly styles: SheetStyles & { readonly header: string; readonly note: string };
};

/** A column as its sheet shows it. */
export type SheetColumn = { readonly name: string; readonly kind: CellKind };

export type WrittenSheet = { readonly name: string; readonly part: string; readonly rows: number };

/** More XML than this in one sheet opens nowhere, and a zip entry must stay below 4 GiB. */
const SHEET_MAX_BYTES = 512 << 20;

/** The cells that the sheets of a workbook may still take together. */
export type CellBudget = { left: number };

type OpenSheet = { plan: PlannedSheet; rows: number; crc: number; rawBytes: number; from: number; to: number };

/** Draws a table's rows into its planned sheets, until they are full; the rest of the rows is in the backup alone. */
export class TableSheets {
  #shell: SheetShell;
  readonly #columns: readonly SheetColumn[];
  readonly #plans: readonly PlannedSheet[];
  readonly #pool: SlotPool;
  readonly #spool: Spool;
  readonly #budget: CellBudget;
  readonly #maxBytes: number;
  readonly #cells: CellWriter;
  readonly #deflate: OrderedDeflate<OpenSheet>;
  readonly #sheets: OpenSheet[] = [];
  #slot: Buffer;
  #fill = 0;
  #isFull = false;
  /** Whether a sheet ended before its rows did, so that the others may not have room for the rest. */
  #isSpilled = false;
  #leftOut = 0;

  constructor(
    shell: SheetShell,
    columns: readonly SheetColumn[],
    plans: readonly PlannedSheet[],
    { pool, spool, budget, maxBytes = SHEET_MAX_BYTES }: { pool: SlotPool; spool: Spool; budget: CellBudget; maxBytes?: number },
  ) {
    this.#shell = shell;
    this.#budget = budget;
    this.#maxBytes = maxBytes;
    this.#columns = columns;
    this.#plans = plans;
    this.#pool = pool;
    this.#spool = spool;
    this.#slot = pool.take();
    this.#cells = new CellWriter(
      columns.map((column) => column.kind),
      shell.styles,
    );
    this.#deflate = new OrderedDeflate(pool, (deflated, sheet) => {
      if (sheet.to === 0) sheet.from = spool.length;
      spool.append(deflated);
      sheet.to = spool.length;
    });
  }

  /** Takes whole rows: see `RowSink.rows`. */
  rows(bytes: Buffer, rowEnds: Uint32Array, rowCount: number): void {
    this.#beginFirst(bytes, rowEnds, rowCount);
    let start = 0;
    for (let k = 0; k < rowCount; k++) {
      if (this.#isFull) {
        this.#leftOut += rowCount - k;
        return;
      }
      const sheet = this.#room();
      if (sheet === null) {
        k--;
        continue;
      }
      const end = rowEnds[k] - 1;
      this.#reserve(this.#cells.worstCase(end - start));
      sheet.rows++;
      this.#budget.left -= this.#columns.length;
      this.#fill = this.#cells.row(bytes, start, end, sheet.rows + 1, this.#slot, this.#fill);
      if (this.#fill > SLOT_BYTES - (SLOT_BYTES >> 3)) this.#flush();
      start = end + 1;
    }
  }

  /** Ends the sheets and moves them from the spool into the archive. */
  async end(zip: ZipWriter, whenReady: () => Promise<void>): Promise<WrittenSheet[]> {
    this.#beginFirst(Buffer.alloc(0), new Uint32Array(0), 0);
    this.#finish();
    this.#pool.give(this.#slot);
    await this.#deflate.drain();
    await this.#spool.written();
    for (const sheet of this.#sheets) {
      zip.begin(sheet.plan.part);
      for await (const piece of this.#spool.read(sheet.from, sheet.to)) {
        zip.append(piece);
        await whenReady();
      }
      zip.append(DEFLATE_END);
      zip.end(sheet.crc, sheet.rawBytes);
    }
    await this.#spool.reset();
    return this.#sheets.map(({ plan, rows }) => ({ name: plan.name, part: plan.part, rows }));
  }

  /**
   * The sheet that takes the next row; null when a new one was begun or none is left. The plan is made from counts, and these may
   * be estimates: what is spent decides here. The last sheet keeps a row for the words that say what it does not show.
   */
  #room(): OpenSheet | null {
    const sheet = this.#sheets[this.#sheets.length - 1];
    const isLast = this.#sheets.length === this.#plans.length;
    const isSpilled = this.#isSpilled && isLast && sheet.rows >= SHEET_MAX_ROWS - 1;
    const isSpent = this.#budget.left < this.#columns.length;
    const isLarge = sheet.rawBytes + this.#fill > this.#maxBytes;
    if (sheet.rows < sheet.plan.rowLimit && !isSpent && !isLarge && !isSpilled) return sheet;
    if (isLarge) this.#isSpilled = true;
    if (isSpent) {
      this.#isFull = true;
      return null;
    }
    const next = this.#plans[this.#sheets.length];
    if (next === undefined) {
      this.#isFull = true;
      return null;
    }
    this.#finish();
    this.#begin(next);
    return null;
  }

  /** Begins the first sheet when the first rows are there, whose values say how wide its columns must be. */
  #beginFirst(bytes: Buffer, rowEnds: Uint32Array, rowCount: number): void {
    if (this.#sheets.length > 0) return;
    this.#shell = fitShell(this.#shell, this.#columns, bytes, rowEnds, rowCount);
    this.#begin(this.#plans[0]);
  }

  #begin(plan: PlannedSheet): void {
    this.#sheets.push({ plan, rows: 0, crc: 0, rawBytes: 0, from: 0, to: 0 });
    this.#put(this.#shell.head + this.#headerRow());
  }

  #headerRow(): string {
    const cells = this.#columns.map(
      ({ name }, n) =>
        `<c r="${columnName(n)}1" s="${this.#shell.styles.header}" t="inlineStr"><is><t xml:space="preserve">${escapeText(name)}</t></is></c>`,
    );
    return `<row r="1">${cells.join('')}</row>`;
  }

  /** Says in the last row what is not shown, sets the range of the filter, ends the sheet. */
  #finish(): void {
    const sheet = this.#sheets[this.#sheets.length - 1];
    if (this.#leftOut > 0) {
      const total = this.#leftOut + this.#sheets.reduce((sum, { rows }) => sum + rows, 0);
      const shown = total - this.#leftOut;
      const text = `${shown.toLocaleString('en-US')} of ${total.toLocaleString('en-US')} rows shown; all are in the backup.`;
      const row = sheet.rows + 2;
      this.#put(
        `<row r="${row}"><c r="A${row}" s="${this.#shell.styles.note}" t="inlineStr"><is><t>${escapeText(text)}</t></is></c></row>`,
      );
    }
    const range = `A1:${columnName(Math.max(0, this.#columns.length - 1))}${sheet.rows + 1}`;
    this.#put(this.#shell.tail.replace(/<autoFilter ref="[^"]*"/, `<autoFilter ref="${range}"`));
    this.#flush();
  }

  #put(xml: string): void {
    const bytes = Buffer.from(xml, 'utf8');
    this.#reserve(bytes.length);
    bytes.copy(this.#slot, this.#fill);
    this.#fill += bytes.length;
  }

  /** Makes room in the slot for so many bytes more. */
  #reserve(bytes: number): void {
    if (this.#fill + bytes <= this.#slot.length) return;
    this.#flush();
    if (bytes > this.#slot.length) {
      this.#pool.give(this.#slot);
      this.#slot = Buffer.allocUnsafeSlow(bytes);
    }
  }

  #flush(): void {
    if (this.#fill === 0) return;
    const sheet = this.#sheets[this.#sheets.length - 1];
    sheet.crc = crc32(this.#slot.subarray(0, this.#fill), sheet.crc);
    sheet.rawBytes += this.#fill;
    this.#deflate.submit(this.#slot, this.#fill, sheet);
    this.#slot = this.#pool.take();
    this.#fill = 0;
  }
}
