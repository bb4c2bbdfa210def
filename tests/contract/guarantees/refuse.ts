import { expect, it } from 'vitest';
import { bytesOf, chunksOf, codeOf, keysOf, never, sampleBytes } from '../bytes.ts';
import type { TheStore } from '../store.contract.ts';

/** Keys that no store takes. */
// biome-ignore format: a table
const REFUSED_KEYS: readonly string[] = [
  '', '.', '..', '../a', 'a/..', 'a/../b', 'a/./b', 'a/../../b', '/', '/etc/passwd', 'a/', 'a//b', '//a', 'a\\b', '..\\a', 'C:\\a', 'C:/a',
  'a\0b', 'a\0', 'a\nb', 'a b', 'ä', 'a%2fb', '%2e%2e/a', '..%2fa', '%00', '~/a', 'a?b', 'a#b', 'a:b', '.hidden', 'a/.hidden', '.a.1.partial',
  'x'.repeat(201), `${'x/'.repeat(600)}x`,
];

/** No name and no address leads out of the store. */
export function refusing(theStore: TheStore): void {
  it.each(REFUSED_KEYS.map((key) => [JSON.stringify(key).slice(0, 40), key]))(
    'refuses the name %s before it reads a byte',
    async (_, key) => {
      let isTouched = false;
      const source = async function* () {
        isTouched = true;
        yield Buffer.from('x');
      };
      expect(await codeOf(theStore().put(key, source(), never()))).toBe('STORE_REFUSED');
      expect(isTouched).toBe(false);
      expect(await keysOf(theStore())).toEqual([]);
    },
  );

  it('refuses to open, look at or delete any address that is not below its own root', async () => {
    const { uri } = await theStore().put('a/b', chunksOf(sampleBytes(10), 10), never());
    const root = uri.slice(0, -'a/b'.length);
    for (const address of [...REFUSED_KEYS.map((key) => root + key), ...foreignAddresses(root, uri)]) {
      expect(await codeOf(theStore().open(address)), address).toBe('STORE_REFUSED');
      expect(await codeOf(theStore().stat(address)), address).toBe('STORE_REFUSED');
      expect(await codeOf(theStore().delete(address)), address).toBe('STORE_REFUSED');
    }
    expect(await keysOf(theStore())).toEqual(['a/b']);
  });

  it('understands its own address in another percent-encoding', async () => {
    const { uri } = await theStore().put('a/b', chunksOf(Buffer.from('x'), 10), never());
    expect((await bytesOf(theStore(), uri.replace(/a\/b$/, '%61/%62'))).toString()).toBe('x');
  });
}

function foreignAddresses(root: string, uri: string): readonly string[] {
  const climbs = ['..', '%2e%2e', '%2E%2E', '.%2e', '..%2f..', '..%5c..', '%252e%252e', '....//'].flatMap((up) => [
    `${root}${up}/etc/passwd`,
    `${root}a/${up}/${up}/etc/passwd`,
    `${root}a/${up}/a/b`,
  ]);
  const encoded = ['a%2fb', 'a%5cb', 'a/b%00', 'a/b%00.xlsx', 'a/%', 'a/%zz', 'a/b?x=1', 'a/b#x', 'a/b%0a', '%ff'].map(
    (rest) => root + rest,
  );
  const elsewhere = [
    '/etc/passwd',
    'a/b',
    'file:///etc/passwd',
    'file://localhost/etc/passwd',
    'memory://other/a/b',
    's3://bucket/a/b',
    'https://example.org/a/b',
  ];
  const malformed = [
    '',
    ' ',
    root.slice(0, -1),
    uri.replace(/^[a-z]+/, 'other'),
    uri.replace('://', ':/'),
    uri.replace('://', ':'),
    ` ${uri}`,
    uri.toUpperCase(),
    uri.replace(/[^/]+\/a\/b$/, 'other/a/b'),
  ];
  return [...climbs, ...encoded, ...elsewhere, ...malformed];
}
