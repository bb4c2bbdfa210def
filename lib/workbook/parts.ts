import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { hashRow, RowDigest } from '#lib/backup/digest.ts';
import { dataPartName, type ManifestPart } from '#lib/backup/manifest.ts';
import { DEFLATE_END, OrderedDeflate, SLOT_BYTES, type SlotPool } from './deflate.ts';
import type { Outlet } from './outlet.ts';
import type { ZipWriter } from './zip.ts';

/** A chunk is cut after a row that its hash chooses, between these sizes in bytes of COPY text. Part of format 1. */
const CHUNK_MIN_BYTES = 128 << 10;
const CHUNK_MAX_BYTES = SLOT_BYTES;

/**
 * A row of n bytes (line feed included) ends a chunk when the first lane of its hash, unsigned, is below 10,000·n: a chance
 * of n in 2^32/10,000 ≈ 429 KB, which makes chunks of 512 KB on average. Where rows are equal in two backups, the cuts are
 * too, wherever the rows stand (content-defined chunking: Muthitacharoen et al., LBFS, SOSP 2001).
 */
const CUT_PER_BYTE = 10_000;

/** A part ends before 4 GiB of COPY text, so that no entry of the archive needs zip64. */
const PART_MAX_BYTES = 0xf000_0000;

/** What is known of a table's rows once all are written. */
export type WrittenTable = { readonly rows: number; readonly sizeBytes: number; readonly digest: string; readonly parts: ManifestPart[] };

type ChunkNote = { partNumber: number; firstRow: number; rows: number; rawLength: number; digest: string };
type OpenPart = { name: string; crc: number; rawLength: number; chunks: ManifestPart['chunks'] };

/** Writes a table's COPY text into the archive as it comes: chunks of whole rows, each deflated, hashed and indexed alone. */
export class TableParts {
  readonly #zip: ZipWriter;
  readonly #outlet: Outlet;
  readonly #pool: SlotPool;
  readonly #deflate: OrderedDeflate<ChunkNote>;
  readonly #tableNumber: number;
  readonly #partMaxBytes: number;
  readonly #parts: OpenPart[] = [];
  readonly #chunk = new RowDigest();
  readonly #table = new RowDigest();
  readonly #rowHash = new Uint32Array(4);
  #slot: Buffer | null = null;
  #fill = 0;
  #sizeBytes = 0;
  #openEntry = 0;

  constructor(zip: ZipWriter, outlet: Outlet, pool: SlotPool, tableNumber: number, partMaxBytes: number = PART_MAX_BYTES) {
    this.#zip = zip;
    this.#outlet = outlet;
    this.#pool = pool;
    this.#tableNumber = tableNumber;
    this.#partMaxBytes = partMaxBytes;
    this.#deflate = new OrderedDeflate(pool, (deflated, note) => this.#write(deflated, note));
    this.#beginPart();
  }

  get rowCount(): number {
    return this.#table.rows + this.#chunk.rows;
  }

  get sizeBytes(): number {
    return this.#sizeBytes + this.#fill;
  }

  /** Takes whole rows: see `RowSink.rows`. */
  rows(bytes: Buffer, rowEnds: Uint32Array, rowCount: number): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let copied = 0;
    let start = 0;
    for (let k = 0; k < rowCount; k++) {
      const end = rowEnds[k];
      const before = this.#fill + start - copied;
      if (before > 0 && before + end - start > CHUNK_MAX_BYTES) {
        this.#copy(bytes, copied, start);
        this.#cut();
        copied = start;
      }
      hashRow(bytes, view, start, end - 1, this.#rowHash);
      this.#chunk.add(this.#rowHash);
      if (this.#fill + end - copied >= CHUNK_MIN_BYTES && this.#rowHash[0] < CUT_PER_BYTE * (end - start)) {
        this.#copy(bytes, copied, end);
        this.#cut();
        copied = end;
      }
      start = end;
    }
    this.#copy(bytes, copied, start);
  }

  /** Ends the table. Its entries are in the archive when this resolves. */
  async end(): Promise<WrittenTable> {
    if (this.#fill > 0) this.#cut();
    await this.#deflate.drain();
    while (this.#openEntry < this.#parts.length) this.#nextEntry();
    this.#endEntry();
    const parts = this.#parts.map(({ name, rawLength, chunks }) => ({ name, rawLength, chunks }));
    return { rows: this.#table.rows, sizeBytes: this.#sizeBytes, digest: this.#table.toString(), parts };
  }

  /** Appends bytes to the chunk being filled; only a single row may be larger than a slot. */
  #copy(bytes: Buffer, from: number, to: number): void {
    if (to === from) return;
    if (this.#slot === null) this.#slot = to - from > SLOT_BYTES ? Buffer.allocUnsafeSlow(to - from) : this.#pool.take();
    bytes.copy(this.#slot, this.#fill, from, to);
    this.#fill += to - from;
  }

  #cut(): void {
    if (this.#slot === null) return;
    let part = this.#parts[this.#parts.length - 1];
    if (part.rawLength > 0 && part.rawLength + this.#fill > this.#partMaxBytes) part = this.#beginPart();
    part.crc = crc32(this.#slot.subarray(0, this.#fill), part.crc);
    part.rawLength += this.#fill;
    this.#sizeBytes += this.#fill;
    this.#deflate.submit(this.#slot, this.#fill, {
      partNumber: this.#parts.length,
      firstRow: this.#table.rows,
      rows: this.#chunk.rows,
      rawLength: this.#fill,
      digest: this.#chunk.toString(),
    });
    this.#table.merge(this.#chunk);
    this.#chunk.reset();
    this.#slot = null;
    this.#fill = 0;
  }

  #beginPart(): OpenPart {
    const part: OpenPart = { name: dataPartName(this.#tableNumber, this.#parts.length + 1), crc: 0, rawLength: 0, chunks: [] };
    this.#parts.push(part);
    return part;
  }

  #write(deflated: Buffer, { partNumber, ...facts }: ChunkNote): void {
    while (this.#openEntry < partNumber) this.#nextEntry();
    const offset = this.#outlet.offset;
    this.#parts[partNumber - 1].chunks.push({ ...facts, offset, length: deflated.length, sha256: hash('sha256', deflated, 'hex') });
    this.#zip.append(deflated);
  }

  #nextEntry(): void {
    if (this.#openEntry > 0) this.#endEntry();
    this.#zip.begin(this.#parts[this.#openEntry++].name);
  }

  #endEntry(): void {
    const part = this.#parts[this.#openEntry - 1];
    this.#zip.append(DEFLATE_END);
    this.#zip.end(part.crc, part.rawLength);
  }
}
