/**
 * The order-free digest of a table: how many rows it has and the lane-by-lane sum, modulo 2^32, of a 128-bit hash of each
 * row. Order-free, because loading a table changes the order in which Postgres returns its rows. It finds what got lost or
 * changed by accident; tampering is the business of sha256.
 *
 * The row hash is part of format 1: MurmurHash3_x86_128 (Austin Appleby, public domain), seed 0, over the row's bytes of
 * COPY text without the line feed that ends it; the lanes are the four 32-bit words h1, h2, h3, h4.
 */
export class RowDigest {
  rows = 0;
  readonly lanes: Uint32Array<ArrayBuffer> = new Uint32Array(4);

  /** Forgets everything, so that the object can serve the next chunk. */
  reset(): void {
    this.rows = 0;
    this.lanes.fill(0);
  }

  /** Adds a row by its hash. */
  add(hash: Uint32Array): void {
    this.rows += 1;
    for (let lane = 0; lane < 4; lane++) this.lanes[lane] += hash[lane];
  }

  /** Adds all rows of another digest. */
  merge(other: RowDigest): void {
    this.rows += other.rows;
    for (let lane = 0; lane < 4; lane++) this.lanes[lane] += other.lanes[lane];
  }

  /** The sum as 32 lower-case hex digits, h1 first. */
  toString(): string {
    return Array.from(this.lanes, (lane) => lane.toString(16).padStart(8, '0')).join('');
  }
}

const C1 = 0x239b961b;
const C2 = 0xab0e9789;
const C3 = 0x38b34ae5;
const C4 = 0xa1e38b93;

/**
 * Hashes bytes [start, end) into `hash` (four unsigned 32-bit words). `view` must cover the same memory as `bytes`; it is
 * handed in because making one for each row costs more than the hash.
 */
export function hashRow(bytes: Uint8Array, view: DataView, start: number, end: number, hash: Uint32Array): void {
  const length = end - start;
  let h1 = 0;
  let h2 = 0;
  let h3 = 0;
  let h4 = 0;
  let at = start;
  for (; at + 16 <= end; at += 16) {
    let k = Math.imul(view.getInt32(at, true), C1);
    h1 ^= Math.imul((k << 15) | (k >>> 17), C2);
    h1 = (Math.imul(((h1 << 19) | (h1 >>> 13)) + h2, 5) + 0x561ccd1b) | 0;
    k = Math.imul(view.getInt32(at + 4, true), C2);
    h2 ^= Math.imul((k << 16) | (k >>> 16), C3);
    h2 = (Math.imul(((h2 << 17) | (h2 >>> 15)) + h3, 5) + 0x0bcaa747) | 0;
    k = Math.imul(view.getInt32(at + 8, true), C3);
    h3 ^= Math.imul((k << 17) | (k >>> 15), C4);
    h3 = (Math.imul(((h3 << 15) | (h3 >>> 17)) + h4, 5) + 0x96cd1c35) | 0;
    k = Math.imul(view.getInt32(at + 12, true), C4);
    h4 ^= Math.imul((k << 18) | (k >>> 14), C1);
    h4 = (Math.imul(((h4 << 13) | (h4 >>> 19)) + h1, 5) + 0x32ac3b17) | 0;
  }
  if (at < end) {
    const k4 = Math.imul(tailWord(bytes, at + 12, end), C4);
    h4 ^= Math.imul((k4 << 18) | (k4 >>> 14), C1);
    const k3 = Math.imul(tailWord(bytes, at + 8, end), C3);
    h3 ^= Math.imul((k3 << 17) | (k3 >>> 15), C4);
    const k2 = Math.imul(tailWord(bytes, at + 4, end), C2);
    h2 ^= Math.imul((k2 << 16) | (k2 >>> 16), C3);
    const k1 = Math.imul(tailWord(bytes, at, end), C1);
    h1 ^= Math.imul((k1 << 15) | (k1 >>> 17), C2);
  }
  h1 ^= length;
  h2 ^= length;
  h3 ^= length;
  h4 ^= length;
  h1 = (h1 + h2 + h3 + h4) | 0;
  h2 = (h2 + h1) | 0;
  h3 = (h3 + h1) | 0;
  h4 = (h4 + h1) | 0;
  h1 = finalMix(h1);
  h2 = finalMix(h2);
  h3 = finalMix(h3);
  h4 = finalMix(h4);
  h1 = (h1 + h2 + h3 + h4) | 0;
  hash[0] = h1;
  hash[1] = h2 + h1;
  hash[2] = h3 + h1;
  hash[3] = h4 + h1;
}

/** Up to four bytes from `at` as a little-endian word; bytes past the end are zero. */
function tailWord(bytes: Uint8Array, at: number, end: number): number {
  let word = 0;
  for (let k = Math.min(4, end - at) - 1; k >= 0; k--) word = (word << 8) | bytes[at + k];
  return word;
}

function finalMix(h: number): number {
  let x = h ^ (h >>> 16);
  x = Math.imul(x, 0x85ebca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35);
  return x ^ (x >>> 16);
}
