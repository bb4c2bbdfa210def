import type { ManifestTable } from '#lib/backup/manifest.ts';
import { unescapeCopy } from './cell-text.ts';
import { rowEndsOf } from './one-table.ts';

const TAB = 9;

/**
 * A table as CSV (RFC 4180): UTF-8, a header, CRLF. NULL is an empty field, an empty text is `""`, as in COPY's own CSV. Values
 * stand as Postgres writes them; a text that looks like a formula is not changed, so mind what a spreadsheet makes of it.
 */
export async function* toCsv(table: ManifestTable, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const names = table.columns.filter((column) => !column.isGenerated).map((column) => column.name);
  yield Buffer.from(`${names.map(quoteIfNeeded).join(',')}\r\n`);
  for await (const chunk of chunks) {
    const lines: string[] = [];
    let start = 0;
    for (const end of rowEndsOf(chunk)) {
      lines.push(`${fields(chunk, start, end - 1).join(',')}\r\n`);
      start = end;
    }
    yield Buffer.from(lines.join(''));
  }
}

function fields(chunk: Buffer, start: number, end: number): string[] {
  const values: string[] = [];
  for (let from = start; from <= end; ) {
    const tab = chunk.indexOf(TAB, from);
    const stop = tab < 0 || tab > end ? end : tab;
    const isNull = stop - from === 2 && chunk[from] === 92 && chunk[from + 1] === 78;
    values.push(isNull ? '' : quoteIfNeeded(unescapeCopy(chunk, from, stop)));
    from = stop + 1;
  }
  return values;
}

function quoteIfNeeded(value: string): string {
  // `\.` alone on a line would end the data for psql before version 18.
  return value === '' || value === '\\.' || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
