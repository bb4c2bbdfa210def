import { hasSheet } from '#lib/backup/coverage.ts';
import { SheetNames } from './sheet-names.ts';

/** Excel's limit of rows, less the header. */
export const SHEET_MAX_ROWS = 1_048_575;

/** How many rows a table shows at most when not everything fits: what a spreadsheet opens in seconds (measured). */
const SHORT_ROWS = 10_000;

/** How many cells all sheets have together, unless the admin says otherwise: what a spreadsheet still opens (measured). */
export const DEFAULT_CELL_LIMIT = 3_000_000;

/** A table as the plan sees it. */
export type PlannedTable = {
  readonly schema: string;
  readonly name: string;
  /** Stored columns: a computed one has no cell. */
  readonly columnCount: number;
  /** Counted or estimated; null: its rows are left out. */
  readonly rows: number | null;
};

/** One sheet to be drawn. `rowLimit` does not count the header. */
export type PlannedSheet = { readonly name: string; readonly part: string; readonly rowLimit: number };

export type SheetPlan = {
  /** For each table, in order; without sheets: nothing of it is drawn. */
  readonly sheets: readonly (readonly PlannedSheet[])[];
  /** Whether every row has its place in a sheet, as far as the counts are right. */
  readonly isWhole: boolean;
};

/** About and Dictionary come first. */
const FIRST_TABLE_SHEET = 3;

/**
 * Decides, before the first row is read, what the sheets show: everything if it fits in `cellLimit` cells, else of each
 * table its first n rows, n at most 10,000 and as large as keeps the whole below the limit. With estimated counts a table
 * gets one sheet at most, so that no planned sheet stays empty.
 */
export function planSheets(tables: readonly PlannedTable[], cellLimit: number, isEstimated: boolean): SheetPlan {
  const drawn = tables.filter((table) => table.rows !== null && hasSheet(table));
  const cells = (limit: number): number => drawn.reduce((sum, table) => sum + Math.min(table.rows ?? 0, limit) * table.columnCount, 0);
  const isWhole = cells(Number.POSITIVE_INFINITY) <= cellLimit;
  const limit = isWhole ? Number.POSITIVE_INFINITY : largest(SHORT_ROWS, (rows) => cells(rows) <= cellLimit);
  const names = new SheetNames();
  const labels = labelsOf(drawn);
  let number = FIRST_TABLE_SHEET;
  const sheets = tables.map((table) => {
    const label = labels.get(table);
    if (label === undefined) return [];
    // An estimate may be nothing but a guess: such a table shows half as many rows again, or the few that open in seconds.
    const guess = Math.min(SHEET_MAX_ROWS - 1, Math.max(SHORT_ROWS, Math.ceil((table.rows ?? 0) * 1.5)));
    const rows = isEstimated && isWhole ? guess : Math.min(table.rows ?? 0, limit);
    const count = Math.max(1, Math.ceil(rows / SHEET_MAX_ROWS));
    const rowLimit = !isWhole ? limit : isEstimated ? guess : SHEET_MAX_ROWS;
    return Array.from({ length: count }, (_, n) => ({
      name: names.choose(label, n === 0 ? '' : ` (${n + 1})`),
      part: `xl/worksheets/sheet${number++}.xml`,
      rowLimit,
    }));
  });
  return { sheets, isWhole };
}

/** The largest whole number up to `most` that holds; 0 when none does. */
function largest(most: number, holds: (n: number) => boolean): number {
  let low = 0;
  let high = most;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (holds(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The table's name alone where it is the only one of that name or lies in `public`, else with its schema. */
function labelsOf(tables: readonly PlannedTable[]): Map<PlannedTable, string> {
  const byName = Map.groupBy(tables, (table) => table.name.toLowerCase());
  return new Map(
    tables.map((table) => {
      const isPlain = table.schema === 'public' || byName.get(table.name.toLowerCase())?.length === 1;
      return [table, isPlain ? table.name : `${table.schema}.${table.name}`];
    }),
  );
}
