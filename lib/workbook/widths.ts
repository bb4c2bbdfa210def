import type { SheetColumn, SheetShell } from './sheet.ts';

/** How many rows, at most, say how wide a column must be: more cost time and change little. */
const MEASURED_ROWS = 200;

/** The widest a column gets by its values, in characters: longer texts are read in the cell or the formula bar. */
const WIDEST = 60;

/** What a landscape page of A4 shows in a size that can still be read, in characters. A wider table takes pages side by side. */
const PAGE_CHARACTERS = 190;

/** Width by kind, in characters, whatever the values: a number or a date that does not fit is shown as ####. */
const NARROWEST = { text: 8, number: 13, boolean: 9, date: 13, timestamp: 26, timestamptz: 27, time: 15 } as const;

const TAB = 9;

/**
 * The shell with columns as wide as their headers and the first rows ask for, and with as many pages side by side as make
 * it readable in print. `bytes` and `rowEnds` are the first rows of COPY text; without rows the headers alone decide.
 */
export function fitShell(
  shell: SheetShell,
  columns: readonly SheetColumn[],
  bytes: Buffer,
  rowEnds: Uint32Array,
  rowCount: number,
): SheetShell {
  if (columns.length === 0) return shell;
  const longest = measure(columns.length, bytes, rowEnds, Math.min(rowCount, MEASURED_ROWS));
  const widths = columns.map(({ name, kind }, n) => {
    const values = kind === 'text' || kind === 'number' ? Math.min(WIDEST, longest[n] + 3) : 0;
    // Four more for the button of the filter.
    return Math.max(NARROWEST[kind], values, name.length + 4);
  });
  const drawn = widths.map((width, n) => `<col min="${n + 1}" max="${n + 1}" width="${width}" customWidth="1"/>`).join('');
  const pages = Math.ceil(widths.reduce((sum, width) => sum + width, 0) / PAGE_CHARACTERS);
  return {
    ...shell,
    head: shell.head.replace('<sheetData>', `<cols>${drawn}</cols><sheetData>`),
    tail: shell.tail.replace('fitToWidth="1"', `fitToWidth="${pages}"`),
  };
}

/** The characters of the longest value of each column; those of East Asia count twice. */
function measure(columnCount: number, bytes: Buffer, rowEnds: Uint32Array, rowCount: number): number[] {
  const longest = new Array<number>(columnCount).fill(0);
  let at = 0;
  for (let row = 0; row < rowCount; row++) {
    let column = 0;
    let length = 0;
    for (; at < rowEnds[row]; at++) {
      const byte = bytes[at];
      if (byte === TAB || at === rowEnds[row] - 1) {
        longest[column] = Math.max(longest[column], length);
        column++;
        length = 0;
      } else if (byte < 0x80 || byte >= 0xc0) length += byte >= 0xe3 ? 2 : 1;
    }
  }
  return longest;
}
