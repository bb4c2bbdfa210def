import { PassThrough, type Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import { type Entry, fromRandomAccessReaderPromise, RandomAccessReader, type ZipFile } from 'yauzl';
import { BackupError } from '#lib/backup/errors.ts';

/** A file that can be read in ranges (`end` exclusive), wherever it lies. */
export type ByteSource = {
  readonly sizeBytes: number;
  open(range: { start: number; end: number }): Promise<ReadableStream<Uint8Array>>;
};

/** A part of text is read whole: more than this is no part that we wrote. */
const TEXT_MAX_BYTES = 256 << 20;

/** A zip archive whose directory has been read. */
export type Archive = { readonly zip: ZipFile; readonly entries: ReadonlyMap<string, Entry> };

/**
 * Reads the directory of an archive, nothing else.
 * @throws BackupError NOT_A_BACKUP; and what the source throws
 */
export async function openArchive(source: ByteSource): Promise<Archive> {
  const reader = new RangeReader(source);
  try {
    const zip = await fromRandomAccessReaderPromise(reader, source.sizeBytes, { lazyEntries: true, autoClose: false });
    return { zip, entries: await listEntries(zip) };
  } catch (cause) {
    if (reader.failure !== null) throw reader.failure;
    throw new BackupError('NOT_A_BACKUP', 'It is not a zip archive, or it was cut off.', { cause });
  }
}

async function listEntries(zip: ZipFile): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) entries.set(entry.fileName, entry);
  return entries;
}

/** A whole entry as text. @throws BackupError BACKUP_DAMAGED naming it */
export async function textOf(zip: ZipFile, entry: Entry): Promise<string> {
  if (entry.uncompressedSize > TEXT_MAX_BYTES) throw new BackupError('BACKUP_DAMAGED', `${entry.fileName} is impossibly large.`);
  let bytes: Buffer;
  try {
    bytes = await buffer(await zip.openReadStreamPromise(entry));
  } catch (cause) {
    throw new BackupError('BACKUP_DAMAGED', entry.fileName, { cause });
  }
  // yauzl compares lengths, not checksums: one wrong digit in the manifest would pass.
  if (crc32(bytes) !== entry.crc32) throw new BackupError('BACKUP_DAMAGED', `${entry.fileName} is not what was written.`);
  return bytes.toString('utf8');
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
