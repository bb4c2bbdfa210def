import { describe, expect, it } from 'vitest';
import { BackupError } from '#lib/backup/errors.ts';
import { onDisk } from './words.ts';

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: something, open '/srv/backups/x'`), { code });
}

describe('what the system says about the disk', () => {
  it.each([
    ['ENOSPC', 'STORE_FULL', 'No space is left in /srv/backups.'],
    ['EDQUOT', 'STORE_FULL', 'quota'],
    ['EFBIG', 'STORE_FULL', 'larger than'],
    ['ENOENT', 'STORE_UNAVAILABLE', 'mount that disk'],
    ['ENOTDIR', 'STORE_UNAVAILABLE', 'not a folder'],
    ['EACCES', 'STORE_UNAVAILABLE', 'This user may not'],
    ['EPERM', 'STORE_UNAVAILABLE', 'This user may not'],
    ['EROFS', 'STORE_UNAVAILABLE', 'mounted read-only'],
    ['EIO', 'STORE_UNAVAILABLE', 'reports an error (EIO)'],
    ['ESTALE', 'STORE_UNAVAILABLE', 'reports an error (ESTALE)'],
    ['ELOOP', 'STORE_REFUSED', 'symbolic link'],
    ['EMFILE', 'STORE_UNAVAILABLE', 'EMFILE'],
  ])('%s becomes %s, in words, with the folder and the cause', async (errno, code, words) => {
    const cause = systemError(errno);
    const failing = onDisk('/srv/backups', () => Promise.reject(cause));
    await expect(failing).rejects.toMatchObject({ code, cause, detail: expect.stringContaining(words) });
    await expect(failing).rejects.toMatchObject({ detail: expect.stringContaining('/srv/backups') });
  });

  it.each([new TypeError('a fault of ours'), new BackupError('ARTIFACT_EXISTS', 'x'), 'not even an error'])(
    'passes %s on as it is',
    async (error) => {
      await expect(onDisk('/srv/backups', () => Promise.reject(error))).rejects.toBe(error);
    },
  );
});
