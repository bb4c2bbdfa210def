import { type CellKind, CellWriter } from '#lib/workbook/cells.ts';

/** A value as COPY text (PostgreSQL manual, COPY, "Text Format"). */
export function copyText(value: string): string {
  const letters: Record<string, string> = { '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't', '\v': 'v', '\\': '\\' };
  return value.replace(/[\b\f\n\r\t\v\\]/g, (c) => `\\${letters[c]}`);
}

/** The cells of one row, as XML. */
export function drawn(kinds: readonly CellKind[], row: string): string {
  const writer = new CellWriter(kinds, { columns: kinds.map(() => '1'), cut: '9' });
  const source = Buffer.from(row);
  const out = Buffer.alloc(writer.worstCase(source.length));
  const end = writer.row(source, 0, source.length, 7, out, 0);
  if (end > out.length) throw new Error('a row is longer than its worst case');
  return out.toString('utf8', 0, end).replace('<row r="7">', '').replace('</row>', '');
}

/** The number of a cell; null: it is drawn as text. */
export function drawnNumber(kind: CellKind, value: string): string | null {
  return /^<c r="A7" s="1"><v>(.*)<\/v><\/c>$/.exec(drawn([kind], value))?.[1] ?? null;
}
