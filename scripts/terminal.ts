import { styleText } from 'node:util';
import type { Progress } from '#lib/backup/backup.ts';
import type { Finding } from '#lib/backup/diagnosis.ts';

/** `1,234,567`: the same for every locale, so that scripts can rely on it. */
export function whole(n: number): string {
  return n.toLocaleString('en-US');
}

/** `12.3 MB`, in millions of bytes. */
export function megabytes(bytes: number): string {
  if (bytes < 1_000_000) return `${whole(Math.ceil(bytes / 1000))} KB`;
  return `${(bytes / 1_000_000).toLocaleString('en-US', { maximumFractionDigits: 1 })} MB`;
}

/** Columns of text under their heads; numbers stand to the right. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heads.map((head, n) => Math.max(head.length, ...rows.map((row) => row[n].length)));
  const isNumber = heads.map((_, n) => rows.length > 0 && rows.every((row) => /^([\d,.]+( [KM]B)?|)$/.test(row[n])));
  const line = (cells: readonly string[]): string =>
    cells
      .map((text, n) => (isNumber[n] ? text.padStart(widths[n]) : text.padEnd(widths[n])))
      .join('  ')
      .trimEnd();
  return [heads, ...rows].map((cells) => `${line(cells)}\n`).join('');
}

/** Shows a run's progress: on a terminal one line that renews itself, else a plain line for each table. */
export class ProgressLine {
  readonly #stream: NodeJS.WriteStream;
  #table: string | null = null;
  #isDrawn = false;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  show(progress: Progress): void {
    const expected = progress.rowsExpected > 0 ? ` of ${whole(progress.rowsExpected)}` : '';
    const where = progress.table ?? (progress.phase === 'publishing' ? 'writing the workbook' : 'connecting');
    const text = `${where} · table ${progress.tablesDone} of ${progress.tablesTotal} · ${whole(progress.rows)}${expected} rows · ${megabytes(progress.sizeBytes)}`;
    if (this.#stream.isTTY) {
      this.#stream.write(`\r\u001b[K${text.slice(0, (this.#stream.columns ?? 80) - 1)}`);
      this.#isDrawn = true;
    } else if (progress.table !== this.#table) {
      this.#table = progress.table;
      if (progress.table !== null) this.#stream.write(`${progress.table}\n`);
    }
  }

  end(): void {
    if (this.#isDrawn) this.#stream.write('\r\u001b[K');
  }
}

/** A finding of the doctor: its mark and title, and what to do about it below. */
export function findingLines({ level, title, advice }: Finding): string {
  const marks = { ok: styleText('green', '✓ ok  '), warn: styleText('yellow', '! mind'), stop: styleText('red', '✗ stop') };
  return `${marks[level]}  ${title}\n${advice === '' ? '' : `        ${advice}\n`}`;
}
