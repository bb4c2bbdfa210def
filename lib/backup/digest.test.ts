import { describe, expect, it } from 'vitest';
import { hashRow, RowDigest } from './digest.ts';

function hashOf(text: string): string {
  const bytes = Buffer.from(text);
  const hash = new Uint32Array(4);
  hashRow(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length, hash);
  const digest = new RowDigest();
  digest.add(hash);
  return digest.toString();
}

describe('the row hash', () => {
  // Vectors made by an independent implementation (murmurhash3js-revisited 3.0.0, x86.hash128).
  it.each([
    ['', '00000000000000000000000000000000'],
    ['a', 'a794933c5556b01b5556b01b5556b01b'],
    ['1\tAnna', '1ef3c5caed55e31b3ceb9cfd3ceb9cfd'],
    ['0123456789abcdef', 'fb7d440936aed30a48ad1d9b572b3bfd'],
    ['Grüße aus Köln, 12.345,67 €', '09f7b33061688122f59d7315dadee71a'],
  ])('is MurmurHash3_x86_128 with seed 0: %j', (text, expected) => {
    expect(hashOf(text)).toBe(expected);
  });

  it('differs for every length of tail', () => {
    const seen = new Set(Array.from({ length: 40 }, (_, n) => hashOf('x'.repeat(n))));
    expect(seen.size).toBe(40);
  });
});

describe('the table digest', () => {
  it('does not depend on the order of rows, and counts equal rows each time', () => {
    const sum = (rows: string[]): string => {
      const digest = new RowDigest();
      for (const row of rows) {
        const bytes = Buffer.from(row);
        const hash = new Uint32Array(4);
        hashRow(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length, hash);
        digest.add(hash);
      }
      return `${digest.rows}:${digest}`;
    };
    expect(sum(['a', 'b', 'c'])).toBe(sum(['c', 'a', 'b']));
    expect(sum(['a', 'a'])).not.toBe(sum(['b', 'b']));
    expect(sum(['a'])).not.toBe(sum(['a', 'a']));
  });
});
