import { hash } from 'node:crypto';
import { PassThrough, type Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { constants, inflateRawSync } from 'node:zlib';
import { type Entry, fromRandomAccessReaderPromise, RandomAccessReader, type ZipFile } from 'yauzl';
import { BackupError } from '#lib/backup/errors.ts';
import { type Manifest, type ManifestChunk, type ManifestTable, PART, parseManifest, tableLabel } from '#lib/backup/manifest.ts';

/** A file that can be read in ranges (`end` exclusive), wherever it lies. */
export type ByteSource = {
  readonly sizeBytes: number;
  open(range: { start: number; end: number }): Promise<ReadableStream<Uint8Array>>;
};

/** A part of text is read whole: more than this is no part that we wrote. */
const TEXT_MAX_BYTES = 256 << 20;
/** The same for a chunk: one row of Postgres is below 1 GB. */
const CHUNK_MAX_BYTES = 1 << 30;

/**
 * Reads a backup without unpacking it. What comes out has been compared with the manifest on the way: nothing of a damaged
 * chunk is handed on.
 */
export class BackupReader {
  readonly manifest: Manifest;
  readonly #source: ByteSource;

  constructor(source: ByteSource, manifest: Manifest) {
    this.#source = source;
    this.manifest = manifest;
  }

  /**
   * The table of that name (`schema.table`, or the table alone where only one has it).
   * @throws BackupError TABLE_NOT_IN_BACKUP
   */
  table(label: string): ManifestTable {
    const exact = this.manifest.tables.filter((table) => tableLabel(table) === label);
    const found = exact.length > 0 ? exact : this.manifest.tables.filter((table) => table.name === label);
    if (found.length === 1) return found[0];
    const names = (found.length > 1 ? found : this.manifest.tables).map(tableLabel).join(', ');
    throw new BackupError('TABLE_NOT_IN_BACKUP', found.length > 1 ? `“${label}” could be: ${names}.` : `It has: ${names}.`);
  }

  /** The table's rows as COPY text, chunk by chunk, each whole rows. @throws BackupError BACKUP_DAMAGED naming the chunk */
  async *rows(table: ManifestTable): AsyncGenerator<Buffer> {
    for (const part of table.parts) {
      for (const chunk of part.chunks) yield await this.#chunk(chunk, `${part.name}, rows from ${chunk.firstRow + 1}`);
    }
  }

  async #chunk(chunk: ManifestChunk, where: string): Promise<Buffer> {
    if (chunk.length > CHUNK_MAX_BYTES || chunk.rawLength > CHUNK_MAX_BYTES)
      throw new BackupError('BACKUP_DAMAGED', `${where}: impossible size.`);
    const range = { start: chunk.offset, end: chunk.offset + chunk.length };
    const stored = Buffer.from(await new Response(await this.#source.open(range)).arrayBuffer());
    if (stored.length !== chunk.length) throw new BackupError('BACKUP_DAMAGED', `${where}: the file ends too early.`);
    if (hash('sha256', stored, 'hex') !== chunk.sha256)
      throw new BackupError('BACKUP_DAMAGED', `${where}: the bytes are not those that were written.`);
    const raw = inflateRawSync(stored, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: Math.max(1, chunk.rawLength) });
    if (raw.length !== chunk.rawLength) throw new BackupError('BACKUP_DAMAGED', `${where}: ${raw.length} of ${chunk.rawLength} bytes.`);
    return raw;
  }
}

/**
 * Opens a backup: its directory and its manifest are read, nothing else.
 * @throws BackupError NOT_A_BACKUP, BACKUP_RESAVED, BACKUP_DAMAGED, FORMAT_TOO_NEW; and what the source throws
 */
export async function openBackup(source: ByteSource): Promise<BackupReader> {
  const reader = new RangeReader(source);
  let zip: ZipFile;
  let entries: Map<string, Entry>;
  try {
    zip = await fromRandomAccessReaderPromise(reader, source.sizeBytes, { lazyEntries: true, autoClose: false });
    entries = await listEntries(zip);
  } catch (cause) {
    if (reader.failure !== null) throw reader.failure;
    throw new BackupError('NOT_A_BACKUP', 'It is not a zip archive, or it was cut off.', { cause });
  }
  const entry = entries.get(PART.manifest);
  if (entry === undefined) throw await withoutManifest(zip, entries);
  return new BackupReader(source, parseManifest(await textOf(zip, entry)));
}

async function listEntries(zip: ZipFile): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) entries.set(entry.fileName, entry);
  return entries;
}

/** Our own sheets without our parts: a spreadsheet program has written the file anew. */
async function withoutManifest(zip: ZipFile, entries: ReadonlyMap<string, Entry>): Promise<BackupError> {
  const workbook = entries.get('xl/workbook.xml');
  const text = workbook === undefined ? '' : await textOf(zip, workbook);
  const isOurs = text.includes('"About"') && text.includes('"Dictionary"');
  return new BackupError(isOurs ? 'BACKUP_RESAVED' : 'NOT_A_BACKUP');
}

async function textOf(zip: ZipFile, entry: Entry): Promise<string> {
  if (entry.uncompressedSize > TEXT_MAX_BYTES) throw new BackupError('BACKUP_DAMAGED', `${entry.fileName} is impossibly large.`);
  try {
    return (await buffer(await zip.openReadStreamPromise(entry))).toString('utf8');
  } catch (cause) {
    throw new BackupError('BACKUP_DAMAGED', entry.fileName, { cause });
  }
}

/** Gives yauzl the ranges it asks for. It tells an error of the source and one of the archive apart. */
class RangeReader extends RandomAccessReader {
  failure: unknown = null;
  readonly #source: ByteSource;

  constructor(source: ByteSource) {
    super();
    this.#source = source;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    const out = new PassThrough();
    const feed = async (): Promise<void> => {
      await pipeline(await this.#source.open({ start, end }), out);
    };
    feed().catch((error: unknown) => {
      this.failure ??= error;
      out.destroy(error instanceof Error ? error : new Error(String(error)));
    });
    return out;
  }
}
