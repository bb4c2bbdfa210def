import * as z from 'zod';
import { BackupError } from './errors.ts';

/** The format this product writes. A reader refuses a higher one by name. */
export const FORMAT = 1;

/** Names of the parts that every backup has, inside the zip archive. */
export const PART = {
  manifest: 'backup/manifest.json',
  schemaPre: 'backup/schema-pre.sql',
  schemaPost: 'backup/schema-post.sql',
  standIn: 'backup/stand-in.sql',
  sequences: 'backup/sequences.sql',
  restoreGuide: 'backup/RESTORE.md',
  restoreScript: 'backup/restore.py',
} as const;

/** Name of the k-th part (from 1) of the n-th table (from 1): `backup/data/7.copy`, `backup/data/7.2.copy`, … */
export function dataPartName(tableNumber: number, partNumber: number): string {
  return partNumber === 1 ? `backup/data/${tableNumber}.copy` : `backup/data/${tableNumber}.${partNumber}.copy`;
}

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const digest = z.string().regex(/^[0-9a-f]{32}$/);
const count = z.number().int().nonnegative();

/** A stretch of whole rows: deflated on its own, found in the file by offset and length alone. */
const chunk = z.object({
  firstRow: count,
  rows: count,
  /** In bytes from the beginning of the file. */
  offset: count,
  /** Bytes in the file, ending in a sync flush: raw deflate without a final block. */
  length: count,
  /** Bytes of COPY text. */
  rawLength: count,
  /** Of the bytes in the file. */
  sha256,
  /** Lane-wise sum of the row hashes (`lib/backup/digest.ts`). */
  digest,
});

const part = z.object({ name: z.string(), rawLength: count, chunks: z.array(chunk) });

const column = z.object({
  name: z.string(),
  /** As SQL spells it: `numeric(12,2)`. */
  type: z.string(),
  /** The type below all domains, as `pg_type.typname` spells it: `numeric`. It decides how a cell looks. */
  baseType: z.string(),
  isNullable: z.boolean(),
  /** Computed by the database: listed, but not in the data parts. */
  isGenerated: z.boolean(),
  isIdentity: z.boolean(),
  default: z.string().nullable(),
  comment: z.string().nullable(),
});

const table = z.object({
  schema: z.string(),
  name: z.string(),
  /** `application`: its definition is in the schema parts. `managed`: Supabase makes the table, only its rows are here. */
  origin: z.enum(['application', 'managed']),
  comment: z.string().nullable(),
  columns: z.array(column),
  primaryKey: z.array(z.string()),
  /** The definition is here, the rows are not: by setting, or because the table is unlogged. */
  dataLeftOut: z.string().nullable(),
  rows: count,
  /** Bytes of COPY text. */
  sizeBytes: count,
  digest,
  parts: z.array(part),
  sheets: z.array(z.object({ name: z.string(), part: z.string(), rows: count })),
});

const named = z.object({ schema: z.string(), name: z.string() });

const inventory = z.object({
  extensions: z.array(z.object({ name: z.string(), version: z.string(), schema: z.string() })),
  roles: z.array(z.string()),
  policies: z.array(z.object({ schema: z.string(), table: z.string(), name: z.string(), definition: z.string() })),
  grants: z.array(z.object({ object: z.string(), grants: z.array(z.string()) })),
  triggers: z.array(z.object({ schema: z.string(), table: z.string(), name: z.string(), definition: z.string() })),
  functions: z.array(z.object({ schema: z.string(), name: z.string(), definitionSha256: sha256 })),
  eventTriggers: z.array(z.string()),
  publications: z.array(z.object({ name: z.string(), tables: z.array(z.string()) })),
  cronJobs: z.array(z.object({ name: z.string(), schedule: z.string(), command: z.string() })),
});

/** What else exists in the database and is not in the backup as data. */
const notCovered = z.object({
  schemas: z.array(z.string()),
  views: z.array(named),
  materializedViews: z.array(named),
  foreignTables: z.array(named),
  unloggedTables: z.array(named),
  /** Tables that an extension made: it makes them again, empty or with rows of its own. Older files do not list them. */
  extensionTables: z.array(named).default([]),
  largeObjects: count,
});

const manifest = z.object({
  product: z.literal('backup-mode'),
  productVersion: z.string(),
  format: z.number().int().positive(),
  organisation: z.string(),
  requestedBy: z.string(),
  /** The moment whose state of the database this is. ISO 8601, UTC. */
  snapshotAt: z.iso.datetime(),
  server: z.object({ version: z.string(), versionNumber: z.number().int(), encoding: z.string(), collation: z.string() }),
  /** `home` names the database wherever it is copied: Supabase's project ref, else system identifier and database name. */
  source: z.object({ home: z.string(), database: z.string(), host: z.string() }),
  /** `covered`: the schemas whose definitions are in the schema parts, which make them. */
  schema: z.object({ fingerprint: sha256, pgDump: z.string(), covered: z.array(z.string()) }),
  tables: z.array(table),
  sequences: z.array(z.object({ schema: z.string(), name: z.string(), lastValue: z.string(), isCalled: z.boolean() })),
  inventory,
  notCovered,
  view: z.object({ cellLimit: count, isWhole: z.boolean() }),
  warnings: z.array(z.string()),
});

/** The backup's table of contents, `backup/manifest.json`. Its fields are format 1: `docs/artifact-format.md`. */
export type Manifest = z.infer<typeof manifest>;
export type ManifestTable = z.infer<typeof table>;
export type ManifestColumn = z.infer<typeof column>;
export type ManifestPart = z.infer<typeof part>;
export type ManifestChunk = z.infer<typeof chunk>;
export type ManifestSequence = z.infer<typeof manifest>['sequences'][number];
export type Inventory = z.infer<typeof inventory>;
export type NotCovered = z.infer<typeof notCovered>;

const head = z.object({ product: z.literal('backup-mode'), format: z.number().int().positive() });

/**
 * Reads a manifest. The format is looked at before anything else, so that a newer backup is named as such.
 * @throws BackupError FORMAT_TOO_NEW, BACKUP_DAMAGED
 */
export function parseManifest(json: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new BackupError('BACKUP_DAMAGED', 'The manifest is not JSON.', { cause });
  }
  const { success, data } = head.safeParse(value);
  if (!success) throw new BackupError('BACKUP_DAMAGED', 'The manifest names neither product nor format.');
  if (data.format > FORMAT) {
    throw new BackupError('FORMAT_TOO_NEW', `It has format ${data.format}; this version reads formats up to ${FORMAT}.`);
  }
  const result = manifest.safeParse(value);
  if (!result.success) throw new BackupError('BACKUP_DAMAGED', `The manifest does not fit format 1: ${z.prettifyError(result.error)}`);
  return result.data;
}

/** `schema.table`, as people and the catalog's `row_counts` name a table. */
export function tableLabel(table: { schema: string; name: string }): string {
  return `${table.schema}.${table.name}`;
}
