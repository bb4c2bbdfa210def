/** Who takes a table's rows. */
export interface RowSink {
  /**
   * Whole rows of COPY text, lent: the bytes are valid during the call only. Row k lies in [rowEnds[k-1], rowEnds[k]), the
   * first one from 0, each with the line feed that ends it. False = pause until `ready` has resolved.
   */
  rows(bytes: Buffer, rowEnds: Uint32Array, rowCount: number): boolean;
  ready(): Promise<void>;
}

const COPY_DATA = 0x64;
const COPY_DONE = 0x63;
const ERROR_RESPONSE = 0x45;
const LINE_FEED = 0x0a;
const HEADER_BYTES = 5;

/**
 * Reads the server's messages of one COPY TO STDOUT: a byte of type, four of length, the payload. The server sends each row
 * as one CopyData message (PostgreSQL manual, "COPY Operations" of the message flow). Rows of one chunk are moved together in
 * place, so that the sink gets them as one stretch; a row that spans chunks is carried over.
 */
export class CopyFrames {
  isSinkReady = true;
  readonly #sink: RowSink;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerFill = 0;
  #type = 0;
  #missing = 0;
  #carry = Buffer.allocUnsafe(1 << 16);
  #carryFill = 0;
  #rowEnds = new Uint32Array(1 << 12);
  readonly #oneRow = new Uint32Array(1);

  constructor(sink: RowSink) {
    this.#sink = sink;
  }

  /** Takes a chunk off the socket. Returns where the first message that ends the rows begins, or -1: all of it was taken. */
  read(chunk: Buffer): number {
    this.isSinkReady = true;
    let at = this.#finishCarried(chunk);
    if (at < 0) return -1;
    let filled = 0;
    let rowCount = 0;
    const length = chunk.length;
    while (at + HEADER_BYTES <= length) {
      const type = chunk[at];
      if (type === COPY_DONE || type === ERROR_RESPONSE) {
        this.#deliver(chunk, filled, rowCount);
        return at;
      }
      const payload = at + HEADER_BYTES;
      const end = at + 1 + chunk.readUInt32BE(at + 1);
      if (end > length) break;
      if (type === COPY_DATA) {
        chunk.copyWithin(filled, payload, end);
        filled += end - payload;
        if (rowCount === this.#rowEnds.length) this.#growRowEnds();
        this.#rowEnds[rowCount++] = filled;
        if (chunk[filled - 1] !== LINE_FEED) throw new Error('A message of the COPY stream is not one row.');
      }
      at = end;
    }
    this.#deliver(chunk, filled, rowCount);
    return this.#carryRest(chunk, at);
  }

  #deliver(bytes: Buffer, filled: number, rowCount: number): void {
    if (rowCount > 0 && !this.#sink.rows(bytes.subarray(0, filled), this.#rowEnds, rowCount)) this.isSinkReady = false;
  }

  #growRowEnds(): void {
    const larger = new Uint32Array(this.#rowEnds.length * 2);
    larger.set(this.#rowEnds);
    this.#rowEnds = larger;
  }

  /** Keeps the beginning of a message whose end is still to come; -1, or where a message that ends the rows begins. */
  #carryRest(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length && this.#headerFill < HEADER_BYTES) {
      if (this.#headerFill === 0 && (chunk[at] === COPY_DONE || chunk[at] === ERROR_RESPONSE)) return at;
      this.#header[this.#headerFill++] = chunk[at++];
    }
    if (this.#headerFill === HEADER_BYTES) this.#beginCarried();
    this.#appendCarried(chunk, at);
    return -1;
  }

  #beginCarried(): void {
    this.#type = this.#header[0];
    this.#missing = this.#header.readUInt32BE(1) - 4;
    this.#carryFill = 0;
    if (this.#carry.length < this.#missing) this.#carry = Buffer.allocUnsafe(this.#missing + (this.#missing >> 2));
  }

  #appendCarried(chunk: Buffer, at: number): number {
    const taken = Math.min(this.#missing, chunk.length - at);
    chunk.copy(this.#carry, this.#carryFill, at, at + taken);
    this.#carryFill += taken;
    this.#missing -= taken;
    return at + taken;
  }

  /** Completes a carried message. Returns where to go on reading, or -1 when the chunk ended before the message did. */
  #finishCarried(chunk: Buffer): number {
    if (this.#headerFill === 0) return 0;
    let at = 0;
    if (this.#headerFill < HEADER_BYTES) {
      while (at < chunk.length && this.#headerFill < HEADER_BYTES) this.#header[this.#headerFill++] = chunk[at++];
      if (this.#headerFill < HEADER_BYTES) return -1;
      this.#beginCarried();
    }
    at = this.#appendCarried(chunk, at);
    if (this.#missing > 0) return -1;
    this.#headerFill = 0;
    if (this.#type === COPY_DATA) {
      if (this.#carry[this.#carryFill - 1] !== LINE_FEED) throw new Error('A message of the COPY stream is not one row.');
      this.#oneRow[0] = this.#carryFill;
      if (!this.#sink.rows(this.#carry.subarray(0, this.#carryFill), this.#oneRow, 1)) this.isSinkReady = false;
    }
    return at;
  }
}
