import { describe, expect, it } from 'vitest';
import { openStore } from './open.ts';

describe('the address of a store', () => {
  it.each(['file:///srv/backups', 'file:///srv/backups/', 'file:///srv/K%C3%A4se'])('%s opens a file store', async (url) => {
    expect((await openStore(url)).scheme).toBe('file');
  });

  it.each([
    ['', 'does not begin with a scheme'],
    ['/srv/backups', 'does not begin with a scheme'],
    ['./backups', 'does not begin with a scheme'],
    ['file://srv/backups', 'three slashes'],
    ['file:/srv/backups', 'three slashes'],
    ['file:///', 'three slashes'],
    ['file:///srv/../etc', 'three slashes'],
    ['file:///srv/%2e%2e/etc', 'three slashes'],
    ['file:///srv/backups?x=1', 'three slashes'],
    ['ftp://host/path', 'no store of the kind "ftp"'],
    ['memory://x/y', 'no store of the kind "memory"'],
    ['constructor://x/y', 'no store of the kind "constructor"'],
  ])('%j is refused with what is wrong and an example', async (url, words) => {
    const opening = openStore(url);
    await expect(opening).rejects.toMatchObject({ code: 'STORE_URL_INVALID', detail: expect.stringContaining(words) });
    await expect(opening).rejects.toThrow('Example: file:///srv/backups');
  });

  it('that is refused is not repeated: it may hold a password', async () => {
    await expect(openStore('ftp://user:hunter2@host/path')).rejects.not.toThrow('hunter2');
  });
});
