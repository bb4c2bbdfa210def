import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawn, drawnNumber } from '#tests/support/drawn-cell.ts';

describe('a date cell', () => {
  it.each([
    ['1900-03-01', '61'],
    ['1999-12-31', '36525'],
    ['2000-02-29', '36585'],
    ['2024-02-29', '45351'],
    ['9999-12-30', '2958464'],
  ])('shows %s as the serial number %s', (value, expected) => {
    expect(drawnNumber('date', value)).toBe(expected);
  });

  it.each([
    '1900-02-28',
    '1899-12-31',
    '0001-01-01',
    '9999-12-31',
    '10000-01-01',
    '5874897-12-31',
    '0044-03-15 BC',
    'infinity',
    '-infinity',
  ])('shows %s, which Excel does not know or counts wrongly, as text', (value) => {
    expect(drawnNumber('date', value)).toBeNull();
    expect(drawn(['date'], value)).toContain(`<t>${value}</t>`);
  });

  it('counts every day as the calendar does', () => {
    fc.assert(
      fc.property(fc.integer({ min: 61, max: 2_958_464 }), (days) => {
        const value = new Date(Date.UTC(1899, 11, 30) + days * 86_400_000).toISOString().slice(0, 10);
        expect(drawnNumber('date', value)).toBe(String(days));
      }),
    );
  });
});

describe('a timestamp cell', () => {
  it.each([
    ['timestamp', '1900-03-01 00:00:00', '61'],
    ['timestamp', '1900-03-01 00:00:00.000001', '61.000000000012'],
    ['timestamp', '2024-02-29 12:00:00', '45351.5'],
    ['timestamp', '2024-02-29 23:59:59.999999', '45351.999999999988'],
    ['timestamptz', '2024-02-29 06:00:00+00', '45351.25'],
    ['timestamptz', '9999-12-30 23:59:59.999999+00', '2958464.999999999988'],
  ] as const)('%s: shows %s as %s', (kind, value, expected) => {
    expect(drawnNumber(kind, value)).toBe(expected);
  });

  it.each([
    ['timestamp', '1900-02-28 23:59:59.999999'],
    ['timestamp', '9999-12-31 00:00:00'],
    ['timestamp', '294276-12-31 23:59:59.999999'],
    ['timestamp', '10000-01-01 00:00:00'],
    ['timestamp', '2024-03-15 12:34:56.000001 BC'],
    ['timestamp', '2024-03-15 12:34:56 BC'],
    ['timestamp', '2024-03-15 12:34:56.5 BC'],
    ['timestamp', 'infinity'],
    ['timestamptz', '-infinity'],
    ['timestamptz', '2024-01-01 00:00:00+00 BC'],
    ['timestamptz', '2024-01-01 00:00:00.5+00 BC'],
    ['timestamptz', '2024-01-01 00:00:00+01'],
    ['timestamptz', '1900-02-28 23:59:59.999999+00'],
  ] as const)('%s: shows %s as text', (kind, value) => {
    expect(drawnNumber(kind, value)).toBeNull();
    expect(drawn([kind], value)).toContain(`<t>${value}</t>`);
  });

  it('never shows two different microseconds as one number', () => {
    const stamp = (day: number, microseconds: number): string => {
      const date = new Date(Date.UTC(1899, 11, 30) + day * 86_400_000).toISOString().slice(0, 10);
      const seconds = Math.floor(microseconds / 1e6);
      const two = (n: number): string => String(n).padStart(2, '0');
      const time = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
      return `${date} ${time}.${String(microseconds % 1e6).padStart(6, '0')}`;
    };
    fc.assert(
      fc.property(fc.integer({ min: 61, max: 2_958_464 }), fc.integer({ min: 0, max: 86_399_999_998 }), (day, microseconds) => {
        const [one, next] = [drawnNumber('timestamp', stamp(day, microseconds)), drawnNumber('timestamp', stamp(day, microseconds + 1))];
        expect(one).not.toBe(next);
        // In millionths of a millionth of a day, in integers: back to the same microsecond.
        const fraction = BigInt((one?.split('.')[1] ?? '').padEnd(12, '0'));
        expect((fraction * 86_400_000_000n + 500_000_000_000n) / 1_000_000_000_000n).toBe(BigInt(microseconds));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a time cell', () => {
  it.each([
    ['00:00:00', '0'],
    ['12:00:00', '0.5'],
    ['00:00:00.000001', '0.000000000012'],
    ['23:59:59.999999', '0.999999999988'],
    ['12:34:56.1', '0.524260416667'],
  ])('shows %s as %s', (value, expected) => {
    expect(drawnNumber('time', value)).toBe(expected);
  });

  it('shows 24:00:00, which is the next day to Excel, as text', () => {
    expect(drawnNumber('time', '24:00:00')).toBeNull();
    expect(drawn(['time'], '24:00:00')).toContain('<t>24:00:00</t>');
  });
});
