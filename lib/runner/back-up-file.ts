import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Progress } from '#lib/backup/backup.ts';
import type { Coverage } from '#lib/backup/coverage.ts';
import { describeUrl } from '#lib/postgres/connect.ts';
import { writeOneFile } from '#lib/store/file/one-file.ts';
import { onDisk } from '#lib/store/file/words.ts';
import { DEFAULT_CELL_LIMIT } from '#lib/workbook/plan.ts';
import { backUp, type MadeBackup } from './back-up.ts';

export type BackUpFileRequest = {
  readonly databaseUrl: string;
  readonly coverage: Coverage;
  /** Cells of all sheets together; null: as many as a spreadsheet still opens. */
  readonly cellLimit: number | null;
  /** Where the workbook will stand; never over another file. */
  readonly out: string;
  readonly onProgress: (progress: Progress) => void;
};

/** Backs a database up into one file, without a console or a catalog. Errors as of `backUp` and `writeOneFile`. */
export async function backUpToFile(request: BackUpFileRequest, signal: AbortSignal): Promise<MadeBackup> {
  const temporaryFolder = await onDisk(tmpdir(), () => mkdtemp(join(tmpdir(), 'paliad-')));
  try {
    return await backUp(
      {
        source: { url: request.databaseUrl, applicationName: 'Backup Mode (command line)' },
        coverage: request.coverage,
        cellLimit: request.cellLimit ?? DEFAULT_CELL_LIMIT,
        organisation: describeUrl(request.databaseUrl).database,
        requestedBy: `${userInfo().username}, on the command line`,
        temporaryFolder,
        publish: (bytes, abort) => writeOneFile(request.out, bytes, abort),
        onProgress: request.onProgress,
      },
      signal,
    );
  } finally {
    await rm(temporaryFolder, { recursive: true, force: true });
  }
}
