import { describe, expect, it } from 'vitest';
import { firstAddress } from './auth.ts';

describe('where a request came from', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['2001:db8::1', '2001:db8::1'],
    [' 192.0.2.7 , 10.0.0.1', '192.0.2.7'],
  ])('%s is %s', (forwarded, address) => {
    expect(firstAddress(forwarded)).toBe(address);
  });

  it.each(['', 'example.org', '<b>anna</b>', '=HYPERLINK("http://x")', '999.1.1.1', '192.0.2.7; drop', 'A'.repeat(1e6)])(
    'what is no address is not kept: %.40s',
    (forwarded) => {
      expect(firstAddress(forwarded)).toBe('unknown');
    },
  );

  it('no more than 64 characters are kept', () => {
    expect(firstAddress(`fe80::1%${'x'.repeat(10_000)}`).length).toBeLessThanOrEqual(64);
  });
});
