import type { Manifest, ManifestTable } from '#lib/backup/manifest.ts';
import { ABOUT_PART, DICTIONARY_PART, drawBook } from './book.ts';
import { cellKind } from './cells.ts';
import { oneTableCover, oneTableDictionary } from './cover.ts';
import { SlotPool } from './deflate.ts';
import { Outlet } from './outlet.ts';
import { planSheets } from './plan.ts';
import { TableSheets } from './sheet.ts';
import { Spool } from './spool.ts';
import { ZipWriter } from './zip.ts';

/**
 * Draws one table of a backup whole, as a workbook of its own: for reading, not a backup. `bytes` streams while `done`
 * takes the rows; both must be awaited.
 */
export function drawOneTable(
  manifest: Manifest,
  table: ManifestTable,
  rows: AsyncIterable<Buffer>,
  temporaryFolder: string,
): { bytes: AsyncIterable<Uint8Array>; done: Promise<void> } {
  const outlet = new Outlet();
  const done = draw(outlet, manifest, table, rows, temporaryFolder).catch((error: unknown) => {
    outlet.fail(error);
    throw error;
  });
  return { bytes: outlet.bytes, done };
}

async function draw(
  outlet: Outlet,
  manifest: Manifest,
  table: ManifestTable,
  rows: AsyncIterable<Buffer>,
  temporaryFolder: string,
): Promise<void> {
  const columns = table.columns
    .filter((column) => !column.isGenerated)
    .map((column) => ({ name: column.name, type: column.type, kind: cellKind(column.baseType) }));
  // `drawn`, not the table itself: the data of a sign-in table may be extracted by name, though a backup never draws it.
  const drawn = { schema: 'public', name: table.name, columnCount: columns.length, rows: table.rows };
  const plan = planSheets([drawn], Number.POSITIVE_INFINITY, false).sheets[0];
  const book = await drawBook([{ columns, sheets: plan }], {
    title: `${table.schema}.${table.name}`,
    createdAt: new Date(manifest.snapshotAt),
  });
  const pool = new SlotPool();
  const zip = new ZipWriter(outlet);
  const spool = await Spool.open(temporaryFolder);
  try {
    const [shell] = book.tables;
    if (shell === null) return;
    zip.add('[Content_Types].xml', book.parts.get('[Content_Types].xml') ?? '');
    const sheets = new TableSheets(shell, columns, plan, { pool, spool, budget: { left: Number.POSITIVE_INFINITY } });
    for await (const chunk of rows) {
      const ends = rowEndsOf(chunk);
      sheets.rows(chunk, ends, ends.length);
      while (pool.isEmpty) await pool.freed();
      if (spool.isFull) await spool.written();
    }
    const written = await sheets.end(zip, () => outlet.ready());
    zip.add(ABOUT_PART, oneTableCover(book.about, manifest, table, written));
    zip.add(DICTIONARY_PART, oneTableDictionary(book.dictionary, manifest, { ...table, sheets: written }));
    for (const [name, content] of book.parts) if (name !== '[Content_Types].xml') zip.add(name, content);
    zip.close();
    outlet.end();
  } finally {
    await spool.close();
  }
}

/** Where each row of COPY text ends: behind its line feed. A line feed within a value is escaped. */
export function rowEndsOf(copyText: Buffer): Uint32Array {
  const ends: number[] = [];
  for (let at = copyText.indexOf(10); at >= 0; at = copyText.indexOf(10, at + 1)) ends.push(at + 1);
  return Uint32Array.from(ends);
}
