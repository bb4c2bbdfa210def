import { describe, expect, it } from 'vitest';
import { firstKnownLocale } from './locale.ts';

describe('the reader’s locale', () => {
  it.each([
    ['de-DE,de;q=0.9,en;q=0.8', 'de-DE'],
    ['fr', 'fr'],
    ['xx-unknown-thing, en-GB;q=0.5', 'en-GB'],
    ['*', 'en'],
    ['', 'en'],
    ['"><script>,de', 'de'],
    ['de_DE.UTF-8', 'en'],
  ])('reads %s as %s', (header, locale) => {
    expect(firstKnownLocale(header)).toBe(locale);
  });
});
