import { describe, expect, it } from 'vitest';
import { age, formatBytes, formatChange, formatCount, formatDuration, formatMoment, formatMomentFully, formatRelative } from './format.ts';

describe('numbers for people', () => {
  it.each([
    [0, '0 B'],
    [812, '812 B'],
    [999, '999 B'],
    [1_000, '1.00 kB'],
    [1_240_000, '1.24 MB'],
    [999_600, '1.00 MB'],
    [10_450_000_000, '10.5 GB'],
    [123_456_789, '123 MB'],
    [5_000_000_000_000_000, '5,000 TB'],
  ])('says %d bytes as %s', (bytes, words) => {
    expect(formatBytes(bytes, 'en')).toBe(words);
  });

  it('follows the reader’s separators', () => {
    expect(formatBytes(1_240_000, 'de')).toBe('1,24 MB');
    expect(formatCount(1_234_567, 'de')).toBe('1.234.567');
    expect(formatCount(1_234_567, 'en')).toBe('1,234,567');
  });

  it.each([
    [103, 100, '+3 %'],
    [60, 100, '−40 %'],
    [100, 100, '±0 %'],
    [100.02, 100, '±0 %'],
    [250, 100, '+150 %'],
    [100.5, 100, '+0.5 %'],
  ])('says the change from %2$d to %1$d as %3$s', (now, before, words) => {
    expect(formatChange(now, before, 'en')).toBe(words);
  });

  it('compares with nothing when there is nothing before', () => {
    expect(formatChange(100, null, 'en')).toBeNull();
    expect(formatChange(100, 0, 'en')).toBeNull();
  });
});

describe('times for people', () => {
  it.each([
    [0, '0 s'],
    [840, '0.8 s'],
    [42_000, '42 s'],
    [59_600, '60 s'],
    [370_000, '6 min 10 s'],
    [360_000, '6 min'],
    [7_500_000, '2 h 5 min'],
    [259_200_000, '3 days'],
    [-5, '0 s'],
  ])('says %d ms as %s', (ms, words) => {
    expect(formatDuration(ms, 'en')).toBe(words);
  });

  it.each([
    [0, 'just now'],
    [4_000, 'just now'],
    [40_000, '40 s ago'],
    [3_599_000, '59 min ago'],
    [7_300_000, '2 h ago'],
    [26 * 3_600_000, '26 h ago'],
    [3 * 86_400_000, '3 days ago'],
    [-40_000, 'in 40 s'],
    [-2_000, 'just now'],
  ])('says a moment %d ms ago as %s', (ms, words) => {
    const nowMs = Date.UTC(2026, 10, 24, 12);
    expect(formatRelative(new Date(nowMs - ms), nowMs)).toBe(words);
  });

  it('never rounds an age up', () => {
    expect(age(119_999)).toBe('1 min');
  });

  it('names the zone when it gives a moment in full', () => {
    const at = new Date('2026-11-24T01:00:07Z');
    expect(formatMoment(at, 'en-GB', 'Europe/Berlin')).toBe('24 Nov 2026, 02:00');
    expect(formatMomentFully(at, 'en-GB', 'Europe/Berlin')).toMatch(/02:00:07 CET$/);
  });
});
