import { createHash, hash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, crc32, inflateRaw } from 'node:zlib';
import type { Entry } from 'yauzl';
import { hashRow, RowDigest } from '#lib/backup/digest.ts';
import { BackupError } from '#lib/backup/errors.ts';
import { type Manifest, type ManifestChunk, PART, tableLabel } from '#lib/backup/manifest.ts';
import { type Archive, type ByteSource, openArchive } from './archive.ts';
import { CHUNK_MAX_BYTES, manifestOf } from './read.ts';

/** Chunks that are inflated at once. */
const IN_FLIGHT = 4;

/** The parts of ours that hold no rows: each must be there. */
const OWN_PARTS: readonly string[] = Object.values(PART);

/** What a check has seen, all of it equal to what the manifest says. */
export type CheckReport = {
  readonly tables: number;
  readonly rows: number;
  readonly chunks: number;
  readonly sizeBytes: number;
  readonly sha256: string;
};

/**
 * Reads a backup from its first byte to its last and compares: the zip directory with the manifest, each chunk's sha256, length,
 * rows and digest, each table's sums, each entry's crc32, the rows of each sheet. Returns the sha256 of the file, for whoever
 * knows which it should be.
 * @throws BackupError BACKUP_DAMAGED naming the part; what `openBackup` throws; what the source throws
 */
export async function checkBackup(source: ByteSource, signal: AbortSignal): Promise<CheckReport> {
  const archive = await openArchive(source);
  const manifest = await manifestOf(archive);
  for (const name of OWN_PARTS) entryOf(archive, name);
  await checkPlaces(archive, manifest);
  const sha256 = await checkRows(source, archive, manifest, signal);
  await checkOtherEntries(archive, manifest, signal);
  return {
    tables: manifest.tables.length,
    rows: manifest.tables.reduce((sum, table) => sum + table.rows, 0),
    chunks: chunksOf(manifest).length,
    sizeBytes: source.sizeBytes,
    sha256,
  };
}

type PlacedChunk = { readonly where: string; readonly part: string; readonly table: number; readonly chunk: ManifestChunk };

function chunksOf(manifest: Manifest): PlacedChunk[] {
  return manifest.tables.flatMap((table, n) =>
    table.parts.flatMap((part) =>
      part.chunks.map((chunk) => ({
        where: `${tableLabel(table)}: ${part.name}, rows from ${chunk.firstRow + 1}`,
        part: part.name,
        table: n,
        chunk,
      })),
    ),
  );
}

function entryOf({ entries }: Archive, name: string): Entry {
  const entry = entries.get(name);
  if (entry === undefined) throw new BackupError('BACKUP_DAMAGED', `${name} is missing.`);
  return entry;
}

/** The chunks of a part fill its zip entry, from the first byte to the end mark, in the order of the rows. */
async function checkPlaces(archive: Archive, manifest: Manifest): Promise<void> {
  let fileAt = 0;
  for (const table of manifest.tables) {
    let row = 0;
    for (const part of table.parts) {
      const entry = entryOf(archive, part.name);
      const { fileDataStart } = await archive.zip.readLocalFileHeaderPromise(entry, { minimal: true }).catch((cause: unknown) => {
        throw new BackupError('BACKUP_DAMAGED', part.name, { cause });
      });
      let at = fileDataStart;
      let rawLength = 0;
      for (const chunk of part.chunks) {
        if (chunk.offset !== at || chunk.offset < fileAt || chunk.firstRow !== row)
          throw new BackupError('BACKUP_DAMAGED', `${part.name}: its chunks do not follow each other.`);
        at += chunk.length;
        fileAt = at;
        row += chunk.rows;
        rawLength += chunk.rawLength;
      }
      const isWhole =
        at + 2 === fileDataStart + entry.compressedSize && rawLength === part.rawLength && rawLength === entry.uncompressedSize;
      if (!isWhole) throw new BackupError('BACKUP_DAMAGED', `${part.name}: its length is not what the manifest says.`);
    }
    if (row !== table.rows) throw new BackupError('BACKUP_DAMAGED', `${tableLabel(table)}: ${row} of ${table.rows} rows.`);
  }
}

/** Reads the whole file once: its sha256, and every chunk on the way. */
async function checkRows(source: ByteSource, archive: Archive, manifest: Manifest, signal: AbortSignal): Promise<string> {
  const file = createHash('sha256');
  const sums = manifest.tables.map(() => new RowDigest());
  const crcs = new Map<string, number>();
  const work: Promise<{ placed: PlacedChunk; raw: Buffer }>[] = [];
  const settle = async (): Promise<void> => {
    const next = await work.shift();
    if (next === undefined) return;
    const { placed, raw } = next;
    sums[placed.table].merge(digestOf(raw, placed));
    crcs.set(placed.part, crc32(raw, crcs.get(placed.part) ?? 0));
  };
  try {
    for await (const { placed, stored } of storedChunks(source, chunksOf(manifest), file, signal)) {
      const inflating = inflated(placed, stored);
      inflating.catch(() => {}); // told when its turn comes, in the order of the file
      work.push(inflating);
      if (work.length >= IN_FLIGHT) await settle();
    }
    while (work.length > 0) await settle();
  } finally {
    await Promise.allSettled(work);
  }
  for (const [n, table] of manifest.tables.entries()) {
    const isSame = sums[n].rows === table.rows && sums[n].toString() === table.digest;
    if (!isSame) throw new BackupError('BACKUP_DAMAGED', `${tableLabel(table)}: its rows are not those of the manifest.`);
    for (const part of table.parts) {
      if ((crcs.get(part.name) ?? 0) !== entryOf(archive, part.name).crc32) throw new BackupError('BACKUP_DAMAGED', `${part.name}: crc32.`);
    }
  }
  return file.digest('hex');
}

async function* storedChunks(
  source: ByteSource,
  chunks: readonly PlacedChunk[],
  file: ReturnType<typeof createHash>,
  signal: AbortSignal,
): AsyncGenerator<{ placed: PlacedChunk; stored: Buffer }> {
  let position = 0;
  let next = 0;
  let stored: Buffer | null = null;
  for await (const bytes of await source.open({ start: 0, end: source.sizeBytes })) {
    signal.throwIfAborted();
    file.update(bytes);
    let placed = chunks[next];
    while (placed !== undefined && placed.chunk.offset < position + bytes.length) {
      const { offset, length } = placed.chunk;
      if (length > CHUNK_MAX_BYTES) throw new BackupError('BACKUP_DAMAGED', `${placed.where}: impossible size.`);
      stored ??= Buffer.allocUnsafe(length);
      const from = Math.max(0, offset - position);
      const to = Math.min(bytes.length, offset + length - position);
      stored.set(bytes.subarray(from, to), position + from - offset);
      if (position + to < offset + length) break;
      yield { placed, stored };
      stored = null;
      placed = chunks[++next];
    }
    position += bytes.length;
  }
  if (position !== source.sizeBytes || next < chunks.length)
    throw new BackupError('BACKUP_DAMAGED', `The file ends after ${position} of ${source.sizeBytes} bytes.`);
}

const inflateChunk = promisify<Buffer, { finishFlush: number; maxOutputLength: number }, Buffer>(inflateRaw);

async function inflated(placed: PlacedChunk, stored: Buffer): Promise<{ placed: PlacedChunk; raw: Buffer }> {
  const { chunk, where } = placed;
  if (hash('sha256', stored, 'hex') !== chunk.sha256)
    throw new BackupError('BACKUP_DAMAGED', `${where}: the bytes are not those that were written.`);
  if (chunk.rawLength > CHUNK_MAX_BYTES) throw new BackupError('BACKUP_DAMAGED', `${where}: impossible size.`);
  try {
    const raw = await inflateChunk(stored, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: Math.max(1, chunk.rawLength) });
    if (raw.length === chunk.rawLength) return { placed, raw };
  } catch (cause) {
    throw new BackupError('BACKUP_DAMAGED', `${where}: it cannot be inflated.`, { cause });
  }
  throw new BackupError('BACKUP_DAMAGED', `${where}: its length is not what the manifest says.`);
}

function digestOf(raw: Buffer, { chunk, where }: PlacedChunk): RowDigest {
  const digest = new RowDigest();
  const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
  const rowHash = new Uint32Array(4);
  let start = 0;
  for (let end = raw.indexOf(10); end >= 0; end = raw.indexOf(10, start)) {
    hashRow(raw, view, start, end, rowHash);
    digest.add(rowHash);
    start = end + 1;
  }
  const isSame = start === raw.length && digest.rows === chunk.rows && digest.toString() === chunk.digest;
  if (!isSame) throw new BackupError('BACKUP_DAMAGED', `${where}: its rows are not those of the manifest.`);
  return digest;
}

/** Definitions, sheets and everything else: each entry's crc32, and as many rows in a sheet as the manifest says. */
async function checkOtherEntries(archive: Archive, manifest: Manifest, signal: AbortSignal): Promise<void> {
  const dataParts = new Set(manifest.tables.flatMap((table) => table.parts.map((part) => part.name)));
  const sheets = new Map(
    manifest.tables.flatMap((table) => table.sheets.map((sheet) => [sheet.part, { ...sheet, isShort: sheet.rows < table.rows }] as const)),
  );
  for (const part of sheets.keys()) entryOf(archive, part);
  for (const [name, entry] of archive.entries) {
    if (dataParts.has(name) || name.endsWith('/')) continue;
    signal.throwIfAborted();
    const rows = await readEntry(archive, entry);
    const sheet = sheets.get(name);
    // The header, the rows, and the words in the last row of a sheet that was cut short.
    const expected = sheet === undefined ? rows : 1 + sheet.rows;
    if (rows !== expected && !(sheet?.isShort === true && rows === expected + 1)) {
      throw new BackupError('BACKUP_DAMAGED', `${name}: ${rows - 1} of ${expected - 1} rows.`);
    }
  }
}

/** Reads an entry whole, in pieces: its crc32 must be the directory's. Returns how many rows a sheet has: `<row ` in all. */
async function readEntry(archive: Archive, entry: Entry): Promise<number> {
  let crc = 0;
  let rows = 0;
  let carry = '';
  try {
    for await (const piece of await archive.zip.openReadStreamPromise(entry)) {
      crc = crc32(piece, crc);
      const text = carry + piece.toString('latin1');
      rows += text.split('<row ').length - 1;
      carry = text.slice(-4);
    }
  } catch (cause) {
    throw new BackupError('BACKUP_DAMAGED', entry.fileName, { cause });
  }
  if (crc !== entry.crc32) throw new BackupError('BACKUP_DAMAGED', `${entry.fileName}: crc32.`);
  return rows;
}
