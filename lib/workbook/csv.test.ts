import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { ManifestTable } from '#lib/backup/manifest.ts';
import { textTable } from '#tests/support/memory-workbook.ts';
import { toCsv } from './csv.ts';

async function csv(columns: readonly string[], ...chunks: string[]): Promise<string> {
  const table: ManifestTable = {
    ...textTable('t', columns, 0),
    primaryKey: [],
    columns: [...textTable('t', columns, 0).columns],
    rows: 0,
    sizeBytes: 0,
    digest: '0'.repeat(32),
    parts: [],
    sheets: [],
  };
  async function* bytes() {
    for (const chunk of chunks) yield Buffer.from(chunk);
  }
  return text(Readable.from(toCsv(table, bytes())));
}

describe('a table as CSV', () => {
  it('has a header, CRLF, and tells NULL from an empty text', async () => {
    expect(await csv(['a', 'b'], '1\t\\N\n', '\ttwo\n')).toBe('a,b\r\n1,\r\n"",two\r\n');
  });

  it('quotes commas, quotes and line breaks, in headers too', async () => {
    expect(await csv(['a,b', '"c"'], 'x\\ny\t1,5 "m"\n')).toBe('"a,b","""c"""\r\n"x\ny","1,5 ""m"""\r\n');
  });

  it('undoes the escapes of COPY text and changes nothing else', async () => {
    expect(await csv(['a'], 'tab\\there\n', '\\\\N\n', '\\\\x00ff\n', '=1+1\n', ' a \n')).toBe(
      'a\r\ntab\there\r\n\\N\r\n\\x00ff\r\n=1+1\r\n a \r\n',
    );
  });

  it('quotes what would end the data for psql', async () => {
    expect(await csv(['a'], '\\\\.\n')).toBe('a\r\n"\\."\r\n');
  });
});
