import { posix, win32 } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyOfUri, segmentsOfKey, uriOfKey } from './secure-path.ts';

const BASE = { scheme: 'file', host: '', segments: ['srv', 'b ä'] };

describe('a key', () => {
  it('has one address below the root, and that address leads back to it', () => {
    const segment = fc.stringMatching(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,30}$/);
    const key = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'));
    fc.assert(fc.property(key, (text) => void expect(keyOfUri(BASE, uriOfKey(BASE, text))).toBe(text)));
  });

  it('that is taken never leaves the root, whatever the text: posix or Windows rules, decoded or not', () => {
    const piece = fc.constantFrom('..', '.', '/', '\\', '%2e', '%2f', '%5c', '%00', '\0', 'a', 'C:', '~', ' ', ':', 'a.xlsx', 'ä');
    const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
    const isInside = (key: string) =>
      [key, decoded(key)].every(
        (form) =>
          posix.resolve('/root/store', form).startsWith('/root/store/') && win32.resolve('C:\\store', form).startsWith('C:\\store\\'),
      );
    fc.assert(
      fc.property(text, (key) => {
        if (isTaken(() => segmentsOfKey(key))) expect(isInside(key)).toBe(true);
        const uri = `file:///srv/b%20%C3%A4/${key}`;
        if (isTaken(() => keyOfUri(BASE, uri))) expect(isInside(keyOfUri(BASE, uri))).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });

  it('may be 200 characters a segment and 1,024 in all', () => {
    expect(segmentsOfKey('x'.repeat(200))).toHaveLength(1);
    expect(() => segmentsOfKey('x'.repeat(201))).toThrow();
    expect(segmentsOfKey(`${'x/'.repeat(511)}xx`)).toHaveLength(512);
    expect(() => segmentsOfKey(`${'x/'.repeat(511)}xxx`)).toThrow();
  });

  it('that is refused is named in the words, on one line and cut', () => {
    expect(() => segmentsOfKey('a\nb\u001b[31m')).toThrow('"a\\nb\\u001b[31m"');
    expect(() => keyOfUri(BASE, `file:///${'x'.repeat(9_000)}`)).toThrow(/^.{0,400}$/);
  });
});

function isTaken(take: () => unknown): boolean {
  try {
    take();
    return true;
  } catch {
    return false;
  }
}

function decoded(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
