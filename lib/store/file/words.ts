import { BackupError } from '#lib/backup/errors.ts';

/** The system's code of an error (`ENOSPC`), or null when it has none. */
export function errnoOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

/**
 * Runs one step on the disk; the system's refusals come out as words about `root`, the folder that an admin knows.
 * What is not the system's (a fault of ours, a BackupError) passes through untouched.
 */
export async function onDisk<T>(root: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw inWords(root, error);
  }
}

function inWords(root: string, error: unknown): unknown {
  const errno = errnoOf(error);
  if (errno === null || error instanceof BackupError) return error;
  const cause = { cause: error };
  switch (errno) {
    case 'ENOSPC':
      return new BackupError('STORE_FULL', `No space is left in ${root}.`, cause);
    case 'EDQUOT':
      return new BackupError('STORE_FULL', `The quota of this user is used up in ${root}.`, cause);
    case 'EFBIG':
      return new BackupError('STORE_FULL', `The file grows larger than ${root} allows for one file.`, cause);
    case 'ELOOP':
      return new BackupError('STORE_REFUSED', `There is a symbolic link below ${root} in place of a backup file.`, cause);
    case 'ENOENT':
      return unavailable(
        `The folder ${root} is not there. If it lies on a disk of its own, mount that disk; a new folder has to be made by hand.`,
        error,
      );
    case 'ENOTDIR':
      return unavailable(`${root} is not a folder, or a file stands where a folder should be.`, error);
    case 'EACCES':
    case 'EPERM':
      return unavailable(`This user may not do that in ${root}: it needs to read and write there.`, error);
    case 'EROFS':
      return unavailable(`${root} is mounted read-only.`, error);
    case 'EIO':
    case 'ESTALE':
    case 'ENXIO':
    case 'ENODEV':
      return unavailable(`The disk of ${root} reports an error (${errno}).`, error);
    default:
      return unavailable(`The system reports ${errno} for ${root}.`, error);
  }
}

function unavailable(detail: string, cause: unknown): BackupError {
  return new BackupError('STORE_UNAVAILABLE', detail, { cause });
}
