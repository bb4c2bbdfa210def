import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { BackupError } from '#lib/backup/errors.ts';
import { type ManifestTable, tableLabel } from '#lib/backup/manifest.ts';
import { openOneFile, writeOneFile } from '#lib/store/file/one-file.ts';
import type { Artifact } from '#lib/store/store.ts';
import { toCsv } from '#lib/workbook/csv.ts';
import { drawOneTable } from '#lib/workbook/one-table.ts';
import { type BackupReader, openBackup } from '#lib/workbook/read.ts';

export type ExtractRequest = {
  readonly file: string;
  /** `schema.table`, or the table alone where only one has that name. */
  readonly table: string;
  /** Its ending decides: `.xlsx` a sheet with every row, `.csv`, `.copy` the exact COPY text. Never over another file. */
  readonly out: string;
};

/**
 * Takes one table out of a backup, whole; every chunk is compared with the manifest on the way.
 * @throws BackupError INPUT_INVALID, TABLE_NOT_IN_BACKUP, BACKUP_DAMAGED, ARTIFACT_EXISTS, and what `openBackup` throws
 */
export async function extract(request: ExtractRequest, signal: AbortSignal): Promise<{ table: ManifestTable; artifact: Artifact }> {
  const backup = await openBackup(await openOneFile(request.file));
  const table = backup.table(request.table);
  if (table.dataLeftOut !== null)
    throw new BackupError('TABLE_NOT_IN_BACKUP', `The rows of ${tableLabel(table)} were not backed up: ${table.dataLeftOut}.`);
  switch (extname(request.out).toLowerCase()) {
    case '.xlsx':
      return { table, artifact: await extractSheet(backup, table, request.out, signal) };
    case '.csv':
      return { table, artifact: await writeOneFile(request.out, toCsv(table, backup.rows(table)), signal) };
    case '.copy':
      return { table, artifact: await writeOneFile(request.out, backup.rows(table), signal) };
    default:
      throw new BackupError('INPUT_INVALID', `${request.out}: the name must end in .xlsx, .csv or .copy.`);
  }
}

async function extractSheet(backup: BackupReader, table: ManifestTable, out: string, signal: AbortSignal): Promise<Artifact> {
  const temporaryFolder = await mkdtemp(join(tmpdir(), 'paliad-'));
  try {
    const { bytes, done } = drawOneTable(backup.manifest, table, backup.rows(table), temporaryFolder);
    const [artifact] = await Promise.all([writeOneFile(out, bytes, signal), done]);
    return artifact;
  } finally {
    await rm(temporaryFolder, { recursive: true, force: true });
  }
}
