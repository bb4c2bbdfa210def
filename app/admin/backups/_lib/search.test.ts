import { describe, expect, it } from 'vitest';
import { parseSearch, searchHref } from './search.ts';

describe('the address of the list', () => {
  it('falls back to the default for anything malformed', () => {
    const plain = { state: 'all', kind: 'all', sort: 'started', order: 'desc', page: 1 };
    expect(parseSearch({})).toEqual(plain);
    expect(parseSearch({ state: 'DROP', kind: ['a', 'b'], sort: 'secret', order: '1', page: '-3' })).toEqual(plain);
    expect(parseSearch({ page: '1e9', other: 'x' })).toEqual(plain);
  });

  it('leaves out what is at its default, and comes back the same', () => {
    expect(searchHref(parseSearch({}))).toBe('/admin/backups');
    const search = parseSearch({ state: 'failed', sort: 'size', order: 'asc', page: '3' });
    const href = searchHref(search);
    expect(href).toBe('/admin/backups?state=failed&sort=size&order=asc&page=3');
    expect(parseSearch(Object.fromEntries(new URLSearchParams(href.split('?')[1])))).toEqual(search);
  });
});
