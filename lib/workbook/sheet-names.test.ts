import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SheetNames } from './sheet-names.ts';

/** What Excel refuses in the name of a sheet. */
function isAllowed(name: string): boolean {
  return (
    name.length > 0 &&
    name.length <= 31 &&
    !/[[\]:*?/\\\u0000-\u001f]/.test(name) &&
    !name.startsWith("'") &&
    !name.endsWith("'") &&
    !['history', 'about', 'dictionary'].includes(name.toLowerCase()) &&
    name.isWellFormed()
  );
}

describe('names of sheets', () => {
  it.each([
    ['orders', 'orders'],
    ['a/b:c*d?e[f]g\\h', 'a_b_c_d_e_f_g_h'],
    ["'quoted'", '_quoted_'],
    ['History', 'History~2'],
    ['about', 'about~2'],
    ['DICTIONARY', 'DICTIONARY~2'],
    ['', 'table'],
    ['   ', 'table'],
    ['a\u0001b\nc', 'a_b_c'],
    ['x'.repeat(63), 'x'.repeat(31)],
    [`${'x'.repeat(30)}😀`, 'x'.repeat(30)],
    [`${'x'.repeat(30)}'y`, `${'x'.repeat(30)}_`],
  ])('makes of %j %j', (wished, expected) => {
    expect(new SheetNames().choose(wished)).toBe(expected);
  });

  it('are unique ignoring case', () => {
    const names = new SheetNames();
    expect(['Orders', 'orders', 'ORDERS', 'orders~2'].map((name) => names.choose(name))).toEqual([
      'Orders',
      'orders~2',
      'ORDERS~3',
      'orders~2~2',
    ]);
  });

  it('keep the number of a sheet that goes on, however long the name', () => {
    expect(new SheetNames().choose('y'.repeat(40), ' (12)')).toBe(`${'y'.repeat(26)} (12)`);
  });

  it('are always allowed and never met twice', () => {
    const wish = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 70 }),
      fc.constantFrom('a', 'A', "'", "''", 'x'.repeat(31), "'".repeat(40), 'ß', 'SS', 'İ', 'i̇'),
    );
    fc.assert(
      fc.property(fc.array(wish, { maxLength: 40 }), (wishes) => {
        const names = new SheetNames();
        const chosen = wishes.map((name) => names.choose(name));
        for (const name of chosen) expect(isAllowed(name), JSON.stringify(name)).toBe(true);
        expect(new Set(chosen.map((name) => name.toLowerCase())).size).toBe(chosen.length);
      }),
    );
  });
});
