import { FORMAT, type Manifest, type ManifestColumn, type ManifestTable, PART } from '#lib/backup/manifest.ts';
import { ABOUT_PART, type Book, DICTIONARY_PART, drawBook, relateOwnParts } from './book.ts';
import { cellKind } from './cells.ts';
import { aboutSheet, dictionarySheet } from './cover.ts';
import { SlotPool } from './deflate.ts';
import { Outlet } from './outlet.ts';
import { TableParts } from './parts.ts';
import { planSheets, type SheetPlan } from './plan.ts';
import { restoreGuide, sequencesSql } from './restore-guide.ts';
import { RESTORE_SCRIPT } from './restore-script.ts';
import { type CellBudget, TableSheets } from './sheet.ts';
import { Spool } from './spool.ts';
import { standInSql } from './stand-in.ts';
import { ZipWriter } from './zip.ts';

/** A table as the workbook needs to know it before its rows come. */
export type WorkbookTable = Pick<ManifestTable, 'schema' | 'name' | 'origin' | 'comment' | 'dataLeftOut'> & {
  readonly columns: readonly ManifestColumn[];
  readonly primaryKey: readonly string[];
  /** `column → schema.table` for each column of a foreign key. */
  readonly references: Readonly<Record<string, string>>;
  /** Counted or estimated. */
  readonly rowsExpected: number;
};

export type WorkbookOptions = {
  readonly title: string;
  readonly snapshotAt: Date;
  readonly cellLimit: number;
  /** Whether `rowsExpected` is the planner's estimate. */
  readonly isEstimated: boolean;
  /** An existing folder for the sheet under way. */
  readonly temporaryFolder: string;
};

/** What the manifest says beyond the tables, and the definitions. */
export type WorkbookFacts = Omit<Manifest, 'product' | 'format' | 'tables' | 'view' | 'snapshotAt'> & {
  readonly schemaPre: string;
  readonly schemaPost: string;
};

/** Where the rows of one table go: a `RowSink`, and its end. */
export type TableSink = {
  rows(bytes: Buffer, rowEnds: Uint32Array, rowCount: number): boolean;
  ready(): Promise<void>;
  /** Must be awaited before the next table. */
  end(): Promise<void>;
  readonly rowCount: number;
  readonly sizeBytes: number;
};

/**
 * A workbook while it is written. Its bytes stream out of `bytes` from the first moment and are never held: tables in
 * order, then `finish`, then it is whole; `close` at the end in any case.
 */
export class WorkbookWriter {
  readonly #outlet = new Outlet();
  readonly #pool = new SlotPool();
  readonly #zip = new ZipWriter(this.#outlet);
  readonly #options: WorkbookOptions;
  readonly #tables: readonly WorkbookTable[];
  readonly #plan: SheetPlan;
  readonly #book: Book;
  readonly #spool: Spool;
  readonly #drawing: { pool: SlotPool; spool: Spool; budget: CellBudget };
  readonly #written: ManifestTable[] = [];

  constructor(tables: readonly WorkbookTable[], options: WorkbookOptions, plan: SheetPlan, book: Book, spool: Spool) {
    this.#tables = tables;
    this.#options = options;
    this.#plan = plan;
    this.#book = book;
    this.#spool = spool;
    this.#drawing = { pool: this.#pool, spool, budget: { left: options.cellLimit } };
    // First, as readers that look only at the beginning of a file expect it of a workbook.
    this.#zip.add('[Content_Types].xml', book.parts.get('[Content_Types].xml') ?? '');
  }

  /** The file, for `ArtifactStore.put`. */
  get bytes(): AsyncIterable<Uint8Array> {
    return this.#outlet.bytes;
  }

  /** Whether whoever read the bytes has gone before their end. */
  get isAbandoned(): boolean {
    return this.#outlet.isAbandoned;
  }

  /** Takes the rows of the next table. */
  beginTable(): TableSink {
    const number = this.#written.length;
    const table = this.#tables[number];
    const shell = this.#book.tables[number];
    const parts = new TableParts(this.#zip, this.#outlet, this.#pool, number + 1);
    const columns = sheetColumns(table);
    const sheets = shell === null ? null : new TableSheets(shell, columns, this.#plan.sheets[number], this.#drawing);
    return {
      rows: (bytes, rowEnds, rowCount) => {
        parts.rows(bytes, rowEnds, rowCount);
        sheets?.rows(bytes, rowEnds, rowCount);
        return !this.#isFull();
      },
      ready: () => this.#ready(),
      end: async () => {
        const written = await parts.end();
        const drawn = sheets === null ? [] : await sheets.end(this.#zip, () => this.#ready());
        this.#written.push({ ...describe(table), ...written, sheets: drawn });
      },
      get rowCount() {
        return parts.rowCount;
      },
      get sizeBytes() {
        return parts.sizeBytes;
      },
    };
  }

  /** Notes a table whose rows are left out. */
  skipTable(): void {
    const table = this.#tables[this.#written.length];
    this.#written.push({ ...describe(table), rows: 0, sizeBytes: 0, digest: '0'.repeat(32), parts: [], sheets: [] });
  }

  /** Writes definitions, guide, covers and, as the last part, the manifest; ends the file. Returns the manifest. */
  async finish({ schemaPre, schemaPost, ...facts }: WorkbookFacts): Promise<Manifest> {
    const manifest: Manifest = {
      product: 'backup-mode',
      format: FORMAT,
      ...facts,
      snapshotAt: this.#options.snapshotAt.toISOString(),
      tables: this.#written,
      view: { cellLimit: this.#options.cellLimit, isWhole: this.#written.every(isShownWhole) },
    };
    const own: [string, string][] = [
      [PART.schemaPre, schemaPre],
      [PART.schemaPost, schemaPost],
      [PART.standIn, standInSql(manifest, schemaPre + schemaPost)],
      [PART.sequences, sequencesSql(manifest)],
      [PART.restoreGuide, restoreGuide(manifest)],
      [PART.restoreScript, RESTORE_SCRIPT],
      [PART.manifest, JSON.stringify(manifest)],
    ];
    this.#zip.add(ABOUT_PART, aboutSheet(this.#book.about, manifest));
    this.#zip.add(
      DICTIONARY_PART,
      dictionarySheet(this.#book.dictionary, manifest, (table, column) => this.#reference(table, column)),
    );
    const dataParts = manifest.tables.flatMap((table) => table.parts.map((part) => part.name));
    for (const [name, content] of this.#book.parts) {
      if (name === '[Content_Types].xml') continue;
      this.#zip.add(name, name === '_rels/.rels' ? relateOwnParts(content, [...own.map(([part]) => part), ...dataParts]) : content);
    }
    for (const [name, content] of own) {
      this.#zip.add(name, content);
      await this.#ready();
    }
    this.#zip.close();
    this.#outlet.end();
    return manifest;
  }

  /** Breaks the file off: whoever reads its bytes sees the error. */
  fail(error: unknown): void {
    this.#outlet.fail(error);
  }

  /** Removes the temporary file. */
  async close(): Promise<void> {
    await this.#spool.close();
  }

  #reference(table: { schema: string; name: string }, column: string): string {
    return this.#tables.find(({ schema, name }) => schema === table.schema && name === table.name)?.references[column] ?? '';
  }

  #isFull(): boolean {
    return this.#pool.isEmpty || this.#outlet.isFull || this.#spool.isFull;
  }

  async #ready(): Promise<void> {
    while (this.#isFull()) {
      if (this.#pool.isEmpty) await this.#pool.freed();
      await this.#outlet.ready();
      if (this.#spool.isFull) await this.#spool.written();
    }
  }
}

/** Plans the sheets, lets exceljs draw their shells, opens the temporary file. The caller awaits `close` in any case. */
export async function createWorkbook(tables: readonly WorkbookTable[], options: WorkbookOptions): Promise<WorkbookWriter> {
  const plan = planSheets(
    tables.map((table) => ({
      schema: table.schema,
      name: table.name,
      columnCount: sheetColumns(table).length,
      rows: table.dataLeftOut === null ? table.rowsExpected : null,
    })),
    options.cellLimit,
    options.isEstimated,
  );
  const bookTables = tables.map((table, n) => ({ columns: sheetColumns(table), sheets: plan.sheets[n] }));
  const book = await drawBook(bookTables, { title: options.title, createdAt: options.snapshotAt });
  return new WorkbookWriter(tables, options, plan, book, await Spool.open(options.temporaryFolder));
}

function sheetColumns(table: WorkbookTable): { name: string; type: string; kind: ReturnType<typeof cellKind> }[] {
  return table.columns
    .filter((column) => !column.isGenerated)
    .map((column) => ({ name: column.name, type: column.type, kind: cellKind(column.baseType) }));
}

function isShownWhole(table: ManifestTable): boolean {
  return table.sheets.length === 0 || table.sheets.reduce((sum, sheet) => sum + sheet.rows, 0) === table.rows;
}

function describe(table: WorkbookTable): Omit<ManifestTable, 'rows' | 'sizeBytes' | 'digest' | 'parts' | 'sheets'> {
  return {
    schema: table.schema,
    name: table.name,
    origin: table.origin,
    comment: table.comment,
    dataLeftOut: table.dataLeftOut,
    primaryKey: [...table.primaryKey],
    columns: table.columns.map(({ name, type, baseType, isNullable, isGenerated, isIdentity, default: value, comment }) => ({
      name,
      type,
      baseType,
      isNullable,
      isGenerated,
      isIdentity,
      default: value,
      comment,
    })),
  };
}
