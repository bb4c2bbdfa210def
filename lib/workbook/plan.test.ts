import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planSheets, SHEET_MAX_ROWS } from './plan.ts';

function table(name: string, columnCount: number, rows: number | null, schema = 'public') {
  return { schema, name, columnCount, rows };
}

describe('the plan of the sheets', () => {
  it('shows everything when everything fits', () => {
    const { sheets, isWhole } = planSheets([table('a', 10, 100), table('b', 2, 0)], 1000, false);
    expect(isWhole).toBe(true);
    expect(sheets).toEqual([
      [{ name: 'a', part: 'xl/worksheets/sheet3.xml', rowLimit: SHEET_MAX_ROWS }],
      [{ name: 'b', part: 'xl/worksheets/sheet4.xml', rowLimit: SHEET_MAX_ROWS }],
    ]);
  });

  it('cuts every table alike when one cell more would not fit', () => {
    const { sheets, isWhole } = planSheets([table('a', 10, 100), table('b', 1, 1)], 1000, false);
    expect(isWhole).toBe(false);
    expect(sheets.map(([sheet]) => sheet.rowLimit)).toEqual([99, 99]);
  });

  it('shows 10,000 rows of a table at most when it must cut', () => {
    expect(planSheets([table('a', 1, 4_000_000)], 3_000_000, false).sheets[0].map((sheet) => sheet.rowLimit)).toEqual([10_000]);
  });

  it('shows headers alone when no cell may be shown', () => {
    expect(planSheets([table('a', 3, 5)], 0, false).sheets[0].map((sheet) => sheet.rowLimit)).toEqual([0]);
  });

  it('goes on in further sheets beyond Excel’s limit', () => {
    const [sheets] = planSheets([table('long', 1, SHEET_MAX_ROWS * 2 + 1)], 10_000_000, false).sheets;
    expect(sheets.map((sheet) => sheet.name)).toEqual(['long', 'long (2)', 'long (3)']);
    expect(new Set(sheets.map((sheet) => sheet.part)).size).toBe(3);
    expect(planSheets([table('just', 1, SHEET_MAX_ROWS)], 10_000_000, false).sheets[0]).toHaveLength(1);
  });

  it('keeps the last row for the words that say what is missing when counts are estimates', () => {
    const [[sheet]] = planSheets([table('a', 1, 10)], 1000, true).sheets;
    // The header is row 1 and the words come behind the last row: Excel’s last row at most.
    expect(1 + sheet.rowLimit + 1).toBeLessThanOrEqual(1_048_576);
  });

  it('draws no sheet for sign-in data or for a table whose rows are left out', () => {
    const { sheets } = planSheets([table('users', 3, 5, 'auth'), table('left', 3, null), table('c', 1, 1)], 100, false);
    expect(sheets.map((each) => each.map((sheet) => sheet.name))).toEqual([[], [], ['c']]);
    expect(sheets[2][0].part).toBe('xl/worksheets/sheet3.xml');
  });

  it('names the schema where the table alone would be ambiguous', () => {
    const { sheets } = planSheets([table('a', 1, 1), table('A', 1, 1, 'other'), table('b', 1, 1, 'other')], 100, false);
    expect(sheets.map(([sheet]) => sheet.name)).toEqual(['a', 'other.A', 'b']);
  });

  it('never plans more cells than allowed, and never fewer rows than would fit', () => {
    const tables = fc.array(fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 50_000 })), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(tables, fc.integer({ min: 0, max: 3_000_000 }), (sizes, limit) => {
        const planned = sizes.map(([columns, rows], n) => table(`t${n}`, columns, rows));
        const { sheets, isWhole } = planSheets(planned, limit, false);
        const cells = (more: number): number =>
          planned.reduce((sum, each, n) => sum + Math.min(each.rows ?? 0, (sheets[n][0].rowLimit ?? 0) + more) * each.columnCount, 0);
        expect(cells(0)).toBeLessThanOrEqual(limit);
        if (!isWhole && sheets[0][0].rowLimit < 10_000) expect(cells(1)).toBeGreaterThan(limit);
      }),
    );
  });
});
