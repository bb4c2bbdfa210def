import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { crc32, deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { fromBufferPromise } from 'yauzl';
import { run } from '#tests/support/programs.ts';
import { needsDebianPackage } from '#tests/support/requirement.ts';
import { openArchive } from './archive.ts';
import { DEFLATE_END } from './deflate.ts';
import { Outlet } from './outlet.ts';
import { ZipWriter } from './zip.ts';

async function written(fill: (zip: ZipWriter, outlet: Outlet) => void): Promise<Buffer> {
  const outlet = new Outlet();
  const zip = new ZipWriter(outlet);
  fill(zip, outlet);
  zip.close();
  outlet.end();
  return buffer(outlet.bytes);
}

describe('the zip writer', () => {
  it('makes an archive that unzip and yauzl read back byte for byte', async ({ skip }) => {
    const archive = await written((zip) => {
      zip.add('a.txt', 'Grüße');
      zip.add('empty', '');
      zip.begin('dir/ü.bin');
      zip.append(deflateRawSync(Buffer.alloc(100_000, 'x')));
      zip.end(crc32(Buffer.alloc(100_000, 'x')), 100_000);
    });
    const read = await fromBufferPromise(archive, { lazyEntries: true });
    const entries = new Map<string, string>();
    for await (const entry of read.eachEntry()) entries.set(entry.fileName, await text(await read.openReadStreamPromise(entry)));
    expect(Object.fromEntries(entries)).toEqual({ 'a.txt': 'Grüße', empty: '', 'dir/ü.bin': 'x'.repeat(100_000) });
    const without = needsDebianPackage('unzip', 'unzip');
    if (without !== null) skip(without);
    const folder = await mkdtemp(join(tmpdir(), 'paliad-zip-'));
    await writeFile(join(folder, 'a.zip'), archive);
    expect(await run('unzip', ['-tq', join(folder, 'a.zip')])).toContain('No errors detected');
    await rm(folder, { recursive: true });
  });

  it('refuses to begin an entry while another is open, and to end none', async () => {
    const zip = new ZipWriter(new Outlet());
    zip.begin('one');
    expect(() => zip.begin('two')).toThrow('“one” is still open'.replaceAll(/[“”]/g, ''));
    zip.end(0, 0);
    expect(() => zip.append(Buffer.from('x'))).toThrow('No entry is open');
    expect(() => zip.end(0, 0)).toThrow('No entry is open');
  });

  it('refuses an entry of 4 GiB by name instead of writing a wrong length', () => {
    const zip = new ZipWriter(new Outlet());
    zip.begin('large');
    expect(() => zip.end(0, 0xffff_ffff)).toThrow('The entry large is over 4 GiB');
  });

  it.each([
    ['before the directory', 5_000_000_000],
    ['at exactly 4 GiB less one', 0xffff_ffff],
  ])('has a zip64 directory when entries lie beyond 4 GiB: %s', async (_when, base) => {
    const archive = await written((zip, outlet) => {
      outlet.offset = base;
      zip.add('far', 'away');
      zip.add('further', 'still');
    });
    // The archive as it would be behind `base` bytes of other entries, read in ranges, without having them.
    const far = {
      sizeBytes: base + archive.length,
      open: async ({ start, end }: { start: number; end: number }) => {
        const bytes = new Uint8Array(end - start);
        bytes.set(archive.subarray(Math.max(0, start - base), Math.max(0, end - base)), Math.max(0, base - start));
        return new Blob([bytes]).stream();
      },
    };
    const { zip, entries } = await openArchive(far);
    const entry = entries.get('further');
    expect(Array.from(entries.values(), (each) => [each.fileName, each.extraFieldLength])).toEqual([
      ['far', 12],
      ['further', 12],
    ]);
    expect(entry?.relativeOffsetOfLocalHeader).toBeGreaterThanOrEqual(0xffff_ffff);
    expect(entry === undefined ? '' : await text(await zip.openReadStreamPromise(entry))).toBe('still');
  });

  it('has a zip64 directory when there are 65,535 entries or more', async () => {
    const archive = await written((zip) => {
      for (let n = 0; n < 65_536; n++) {
        zip.begin(`${n}`);
        zip.append(DEFLATE_END);
        zip.end(0, 0);
      }
    });
    expect((await fromBufferPromise(archive, { lazyEntries: true })).entryCount).toBe(65_536);
  });
});
