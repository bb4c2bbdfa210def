import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { FACTS, textTable, writeWorkbook } from '#tests/support/memory-workbook.ts';
import { restoreGuide, sequencesSql } from './restore-guide.ts';

const HOSTILE = [`a'b`, 'a"b', 'a\\b', 'a$(id)b', 'a`id`b', 'a;b', 'a\nb', 'a b', '%s', ':v', '!x', 'ü😀', '-c', "'; drop table x; --"];

/** What a shell hands to psql for each command of the guide. */
function argumentsOf(script: string): string[][] {
  const program = `psql() { for a in "$@"; do printf '%s\\0' "$a"; done; printf '\\1'; }; unzip() { :; }; TARGET=target BACKUP=backup\n${script}`;
  const out = execFileSync('bash', ['-c', program], { encoding: 'utf8' });
  return out
    .split('\x01')
    .slice(0, -1)
    .map((call) => call.split('\0').slice(0, -1));
}

function blocks(guide: string): string[] {
  return Array.from(guide.matchAll(/^```sh\n(.*?)^```$/gms), (match) => match[1]);
}

describe('the guide inside a backup', () => {
  it('hands each hostile name to psql exactly once quoted', async () => {
    const { manifest } = await writeWorkbook(HOSTILE.map((name) => ({ table: textTable(name, [name], 0, name), copy: '' })));
    const calls = argumentsOf(blocks(restoreGuide(manifest))[4]);
    const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
    expect(calls.map((call) => call.at(-1))).toEqual(
      HOSTILE.map((name) => `copy ${quoted(name)}.${quoted(name)} (${quoted(name)}) from stdin`),
    );
    expect(calls.every((call) => call[0] === 'target')).toBe(true);
  });

  it('makes roles and the schemas of extensions, whatever they are called', async () => {
    const inventory = { ...FACTS.inventory, roles: HOSTILE, extensions: HOSTILE.map((schema) => ({ name: 'x', version: '1', schema })) };
    const { manifest } = await writeWorkbook([], { facts: { inventory } });
    const calls = argumentsOf(blocks(restoreGuide(manifest))[2]);
    // The last one brings the stand-ins for what Supabase has.
    expect(calls).toHaveLength(HOSTILE.length * 2 + 1);
    expect(calls.slice(HOSTILE.length, -1).map((call) => call.at(-1))).toEqual(
      HOSTILE.map((name) => `create schema if not exists "${name.replaceAll('"', '""')}"`),
    );
  });

  it('loads computed columns never, tables without columns too, and all parts of a long one in order', async () => {
    const table = textTable('t', ['a', 'b'], 0);
    const computed = { ...table, columns: table.columns.map((column, n) => ({ ...column, isGenerated: n === 1 })) };
    const { manifest } = await writeWorkbook([
      { table: computed, copy: '' },
      { table: textTable('bare', [], 0), copy: '' },
    ]);
    manifest.tables[0].parts.push({ name: 'backup/data/1.2.copy', rawLength: 0, chunks: [] });
    const block = blocks(restoreGuide(manifest))[4];
    expect(block).toContain('unzip -p "$BACKUP" backup/data/1.copy backup/data/1.2.copy |');
    expect(argumentsOf(block).map((call) => call.at(-1))).toEqual([
      'copy "public"."t" ("a") from stdin',
      'copy "public"."bare" from stdin',
    ]);
  });

  it('names what did not come along', async () => {
    const { manifest } = await writeWorkbook([{ table: { ...textTable('left', ['a'], 5), dataLeftOut: 'by setting' }, copy: '' }], {
      facts: {
        inventory: { ...FACTS.inventory, cronJobs: [{ name: 'nightly', schedule: '0 3 * * *', command: 'select 1' }] },
        notCovered: {
          ...FACTS.notCovered,
          materializedViews: [{ schema: 'public', name: 'sums' }],
          extensionTables: [{ schema: 'geo', name: 'spatial_ref_sys' }],
          largeObjects: 3,
        },
      },
    });
    const guide = restoreGuide(manifest);
    for (const words of ['nightly (0 3 * * *)', 'public.left (by setting)', 'public.sums', 'geo.spatial_ref_sys', 'Large objects: 3'])
      expect(guide).toContain(words);
    expect(guide).not.toContain('copy "public"."left"');
  });

  it('sets each sequence to where it stood', async () => {
    const { manifest } = await writeWorkbook([], {
      facts: { sequences: [{ schema: "it's", name: 'a\\b"c', lastValue: '9223372036854775807', isCalled: true }] },
    });
    expect(sequencesSql(manifest)).toBe(`select pg_catalog.setval( E'"it''s"."a\\\\b""c"', 9223372036854775807, true);\n`);
  });
});
