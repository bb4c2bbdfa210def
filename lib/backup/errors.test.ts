import { describe, expect, it, vi } from 'vitest';
import { asBackupError, BackupError } from './errors.ts';

describe('an expected error', () => {
  it('is known as one when another copy of this module made it, as in Next', async () => {
    vi.resetModules();
    const copy = await import('./errors.ts');
    const error = new copy.BackupError('STORE_FULL', '/srv');
    expect(copy.BackupError).not.toBe(BackupError);
    expect(error).toBeInstanceOf(BackupError);
    expect(asBackupError(error)).toBe(error);
    expect(asBackupError(error).httpStatus).toBe(507);
  });

  it('is not any error that only looks like it: that one is a fault, with the original as its cause', () => {
    for (const stranger of [
      new Error('BackupError'),
      Object.assign(new Error('x'), { name: 'BackupError', code: 'ENOENT' }),
      'STORE_FULL',
      null,
    ]) {
      expect(stranger).not.toBeInstanceOf(BackupError);
      expect(asBackupError(stranger)).toMatchObject({ code: 'INTERNAL', cause: stranger });
    }
  });
});
