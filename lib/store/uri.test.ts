import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress, parseAddress } from './uri.ts';

describe('the address of an artifact', () => {
  it.each([
    ['file:///srv/backups/a.xlsx', { scheme: 'file', host: '', segments: ['srv', 'backups', 'a.xlsx'] }],
    ['file:///srv/K%C3%A4se%20%231/a', { scheme: 'file', host: '', segments: ['srv', 'Käse #1', 'a'] }],
    ['s3://bucket/a/b', { scheme: 's3', host: 'bucket', segments: ['a', 'b'] }],
  ])('%s is taken apart and put together again', (text, parts) => {
    expect(parseAddress(text)).toEqual(parts);
    expect(formatAddress(parts)).toBe(text);
  });

  // biome-ignore format: a table
  it.each([
    '', 'file', 'file:', 'file:/srv', 'file://', 'file:///', 'file://srv', '/srv/backups', '../backups', 'FILE:///srv', 'file:///srv/', 'file:////srv', 'file:///srv//a',
    'file:///srv/../etc', 'file:///srv/./a', 'file:///srv/%2e%2e/etc', 'file:///srv/.%2E/etc', 'file:///srv/a%2Fb', 'file:///srv/a%5Cb', 'file:///srv/a\\b', 'file:///srv/a%00',
    'file:///srv/a\0', 'file:///srv/a%0A', 'file:///srv/a\n', 'file:///srv/%', 'file:///srv/%zz', 'file:///srv/%ff', 'file:///srv/a?b', 'file:///srv/a#b', 's3://a%2fb/c', 's3://a b/c',
  ])('%j has no meaning', (text) => {
    expect(parseAddress(text)).toBeNull();
  });

  it('keeps any name of a folder through percent-encoding', () => {
    const name = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 20 })
      .filter((text) => /^[^/\\\p{Cc}\p{Cs}]+$/u.test(text) && text !== '.' && text !== '..');
    const parts = fc.record({
      scheme: fc.constant('file'),
      host: fc.constant(''),
      segments: fc.array(name, { minLength: 1, maxLength: 5 }),
    });
    fc.assert(fc.property(parts, (address) => void expect(parseAddress(formatAddress(address))).toEqual(address)));
  });

  it('is plain ASCII without a space or a quote, whatever the folder is called', () => {
    expect(formatAddress({ scheme: 'file', host: '', segments: [`a b"'ä(1)*!~`] })).toBe('file:///a%20b%22%27%C3%A4%281%29%2A%21~');
  });
});
