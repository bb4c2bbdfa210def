import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openOneFile, writeOneFile } from '#lib/store/file/one-file.ts';
import { chunksOf, codeOf, never, sampleBytes } from './bytes.ts';
import { everythingIn, newFolder } from './folders.ts';

function write(path: string, bytes: Uint8Array | string) {
  return writeOneFile(path, chunksOf(Buffer.from(bytes), 100_000), never());
}

describe('one file that a person named', () => {
  it('is written whole, under any name, for its owner alone', async () => {
    const path = join(await newFolder(), 'Sicherung vom 24. (ä) %41#.xlsx');
    const bytes = sampleBytes(2_500_000);
    const { sizeBytes } = await write(path, bytes);
    expect(sizeBytes).toBe(bytes.length);
    expect((await readFile(path)).equals(bytes)).toBe(true);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it.each(['a file', 'a folder', 'a link', 'a link to nowhere'])(
    'never takes the place of %s, and says so before it reads a byte',
    async (what) => {
      const folder = await newFolder();
      const path = join(folder, 'taken');
      await writeFile(join(folder, 'other'), 'other');
      if (what === 'a file') await writeFile(path, 'mine');
      else if (what === 'a folder') await mkdir(path);
      else await symlink(what === 'a link' ? 'other' : 'nowhere', path);
      let isTouched = false;
      const source = async function* () {
        isTouched = true;
        yield Buffer.from('new');
      };
      expect(await codeOf(writeOneFile(path, source(), never()))).toBe('ARTIFACT_EXISTS');
      expect(isTouched).toBe(false);
      expect(await everythingIn(folder)).toEqual(['other', 'taken']);
      expect(await readFile(join(folder, 'other'), 'utf8')).toBe('other');
    },
  );

  it('leaves nothing when its source fails', async () => {
    const folder = await newFolder();
    const failing = async function* () {
      yield sampleBytes(1_500_000);
      throw new Error('broke');
    };
    await expect(writeOneFile(join(folder, 'a.xlsx'), failing(), never())).rejects.toThrow('broke');
    expect(await everythingIn(folder)).toEqual([]);
  });

  it('in a folder that is not there is refused with the folder’s name', async () => {
    const folder = join(await newFolder(), 'missing');
    await expect(write(join(folder, 'a.xlsx'), 'x')).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      detail: expect.stringContaining(folder),
    });
  });

  it('is read in ranges', async () => {
    const path = join(await newFolder(), 'a');
    const bytes = sampleBytes(1_500_000);
    await write(path, bytes);
    const file = await openOneFile(path);
    expect(file.sizeBytes).toBe(bytes.length);
    const read = await new Response(await file.open({ start: 600_000, end: 1_200_000 })).arrayBuffer();
    expect(Buffer.from(read).equals(bytes.subarray(600_000, 1_200_000))).toBe(true);
  });

  it('that is not there, or is a folder, is FILE_NOT_FOUND', async () => {
    const folder = await newFolder();
    expect(await codeOf(openOneFile(join(folder, 'absent')))).toBe('FILE_NOT_FOUND');
    expect(await codeOf(openOneFile(folder))).toBe('FILE_NOT_FOUND');
  });
});
