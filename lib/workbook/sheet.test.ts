import { tmpdir } from 'node:os';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { sourceOf } from '#tests/support/memory-workbook.ts';
import { openArchive, textOf } from './archive.ts';
import { drawBook } from './book.ts';
import { SlotPool } from './deflate.ts';
import { rowEndsOf } from './one-table.ts';
import { Outlet } from './outlet.ts';
import type { PlannedSheet } from './plan.ts';
import { TableSheets } from './sheet.ts';
import { Spool } from './spool.ts';
import { ZipWriter } from './zip.ts';

const COLUMNS = [{ name: 'a', type: 'text', kind: 'text' as const }];

/** Draws 3,000 rows of a kilobyte into these sheets. Returns the XML of each, and how many rows it says to have. */
async function draw(plans: readonly PlannedSheet[], maxBytes: number): Promise<{ xml: string[]; rows: number[] }> {
  const book = await drawBook([{ columns: COLUMNS, sheets: plans }], { title: 't', createdAt: new Date(0) });
  const outlet = new Outlet();
  const file = buffer(outlet.bytes);
  const zip = new ZipWriter(outlet);
  const pool = new SlotPool();
  const spool = await Spool.open(tmpdir());
  const [shell] = book.tables;
  if (shell === null) throw new Error('no shell');
  const sheets = new TableSheets(shell, COLUMNS, plans, { pool, spool, budget: { left: 1e9 }, maxBytes });
  const copy = Buffer.from(`${'x'.repeat(1023)}\n`.repeat(3000));
  sheets.rows(copy, rowEndsOf(copy), 3000);
  const written = await sheets.end(zip, () => outlet.ready());
  await spool.close();
  zip.close();
  outlet.end();
  const archive = await openArchive(sourceOf(await file));
  const entries = [...archive.entries.values()].filter(({ fileName }) => written.some(({ part }) => part === fileName));
  const xml = await Promise.all(entries.map((entry) => textOf(archive.zip, entry)));
  return { xml, rows: written.map(({ rows }) => rows) };
}

const plan = (number: number): PlannedSheet => ({ name: `t${number}`, part: `xl/worksheets/sheet${number}.xml`, rowLimit: 1_048_575 });

describe('a sheet', () => {
  it('ends before it is larger than a spreadsheet opens, and says what it does not show', async () => {
    const { xml, rows } = await draw([plan(3)], 1 << 20);
    expect(rows[0]).toBeGreaterThan(900);
    expect(rows[0]).toBeLessThan(1100);
    expect(xml[0]).toContain(`${rows[0].toLocaleString('en-US')} of 3,000 rows shown; all are in the backup.`);
  });

  it('that is full goes on in the next one that was planned', async () => {
    const { xml, rows } = await draw([plan(3), plan(4), plan(5)], 5 << 18);
    expect(rows.reduce((sum, count) => sum + count, 0)).toBe(3000);
    expect(xml.join('')).not.toContain('rows shown');
  });
});
