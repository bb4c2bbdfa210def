import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { Manifest } from '#lib/backup/manifest.ts';
import type { ByteSource } from '#lib/workbook/archive.ts';
import { rowEndsOf } from '#lib/workbook/one-table.ts';
import { createWorkbook, type WorkbookFacts, type WorkbookTable } from '#lib/workbook/workbook.ts';

/** Everything that a manifest says beyond its tables, of a database with nothing in it. */
export const FACTS: WorkbookFacts = {
  productVersion: '0.0.0',
  organisation: 'Test & “Söhne”',
  requestedBy: 'somebody',
  server: { version: '18.4', versionNumber: 180_004, encoding: 'UTF8', collation: 'C' },
  source: { home: 'x', database: 'd', host: 'h' },
  schema: { fingerprint: '0'.repeat(64), pgDump: 'bundled 18', covered: ['public'] },
  sequences: [],
  inventory: {
    extensions: [],
    roles: [],
    policies: [],
    grants: [],
    triggers: [],
    functions: [],
    eventTriggers: [],
    publications: [],
    cronJobs: [],
  },
  notCovered: {
    schemas: [],
    views: [],
    materializedViews: [],
    foreignTables: [],
    unloggedTables: [],
    extensionTables: [],
    largeObjects: 0,
  },
  warnings: [],
  schemaPre: '-- pre\n',
  schemaPost: '-- post\n',
};

/** A table of text columns. */
export function textTable(name: string, columns: readonly string[], rowsExpected: number, schema = 'public'): WorkbookTable {
  return {
    schema,
    name,
    origin: 'application',
    comment: null,
    dataLeftOut: null,
    columns: columns.map((column) => ({
      name: column,
      type: 'text',
      baseType: 'text',
      isNullable: true,
      isGenerated: false,
      isIdentity: false,
      default: null,
      comment: null,
    })),
    primaryKey: [],
    references: {},
    rowsExpected,
  };
}

/** Writes a workbook from COPY text, in memory. */
export async function writeWorkbook(
  tables: readonly { table: WorkbookTable; copy: string }[],
  options: { cellLimit?: number; isEstimated?: boolean; facts?: Partial<WorkbookFacts> } = {},
): Promise<{ file: Buffer; manifest: Manifest }> {
  const temporaryFolder = await mkdtemp(join(tmpdir(), 'paliad-unit-'));
  const { cellLimit = 3_000_000, isEstimated = false } = options;
  const about = { title: 'Test', snapshotAt: new Date('2026-11-24T12:00:00Z'), cellLimit, isEstimated, temporaryFolder };
  const workbook = await createWorkbook(
    tables.map(({ table }) => table),
    about,
  );
  try {
    const reading = buffer(workbook.bytes);
    for (const { table, copy } of tables) {
      if (table.dataLeftOut !== null) {
        workbook.skipTable();
        continue;
      }
      const sink = workbook.beginTable();
      const bytes = Buffer.from(copy);
      const ends = rowEndsOf(bytes);
      if (!sink.rows(bytes, ends, ends.length)) await sink.ready();
      await sink.end();
    }
    const manifest = await workbook.finish({ ...FACTS, ...options.facts });
    return { file: await reading, manifest };
  } finally {
    await workbook.close();
    await rm(temporaryFolder, { recursive: true, force: true });
  }
}

/** Bytes in memory, to be read in ranges. */
export function sourceOf(bytes: Uint8Array): ByteSource {
  return {
    sizeBytes: bytes.length,
    open: async ({ start, end }) => new Blob([Uint8Array.from(bytes.subarray(start, end))]).stream(),
  };
}

/** The same bytes with one bit changed at `at`. */
export function flipped(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] ^= 0x10;
  return changed;
}
