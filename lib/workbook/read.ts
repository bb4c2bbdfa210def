import { hash } from 'node:crypto';
import { constants, inflateRawSync } from 'node:zlib';
import { BackupError } from '#lib/backup/errors.ts';
import { type Manifest, type ManifestChunk, type ManifestTable, PART, parseManifest, tableLabel } from '#lib/backup/manifest.ts';
import { type Archive, type ByteSource, openArchive, textOf } from './archive.ts';

/** More than this is no chunk that we wrote: one row of Postgres is below 1 GB. */
export const CHUNK_MAX_BYTES = 1 << 30;

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
    const raw = inflate(stored, chunk.rawLength, where);
    if (raw.length !== chunk.rawLength) throw new BackupError('BACKUP_DAMAGED', `${where}: ${raw.length} of ${chunk.rawLength} bytes.`);
    return raw;
  }
}

function inflate(stored: Buffer, rawLength: number, where: string): Buffer {
  try {
    return inflateRawSync(stored, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: Math.max(1, rawLength) });
  } catch (cause) {
    throw new BackupError('BACKUP_DAMAGED', `${where}: it cannot be inflated to ${rawLength} bytes.`, { cause });
  }
}

/**
 * Opens a backup: its directory and its manifest are read, nothing else.
 * @throws BackupError NOT_A_BACKUP, BACKUP_RESAVED, BACKUP_DAMAGED, FORMAT_TOO_NEW; and what the source throws
 */
export async function openBackup(source: ByteSource): Promise<BackupReader> {
  return new BackupReader(source, await manifestOf(await openArchive(source)));
}

/** The manifest of an archive. @throws BackupError NOT_A_BACKUP, BACKUP_RESAVED, BACKUP_DAMAGED, FORMAT_TOO_NEW */
export async function manifestOf(archive: Archive): Promise<Manifest> {
  const entry = archive.entries.get(PART.manifest);
  if (entry === undefined) throw await withoutManifest(archive);
  const manifest = parseManifest(await textOf(archive.zip, entry));
  // LibreOffice keeps parts it does not know, but packs the file anew: nothing is where the manifest says. We write it last.
  if (Array.from(archive.entries.keys()).at(-1) !== PART.manifest) {
    throw new BackupError('BACKUP_RESAVED', 'Its parts are not where they were written.');
  }
  return manifest;
}

/** Our own sheets without our parts: a spreadsheet program has written the file anew. */
async function withoutManifest({ zip, entries }: Archive): Promise<BackupError> {
  const workbook = entries.get('xl/workbook.xml');
  const text = workbook === undefined ? '' : await textOf(zip, workbook);
  const isOurs = text.includes('"About"') && text.includes('"Dictionary"');
  return new BackupError(isOurs ? 'BACKUP_RESAVED' : 'NOT_A_BACKUP');
}
