import { BackupError } from '#lib/backup/errors.ts';
import { openOneFile } from '#lib/store/file/one-file.ts';
import type { Artifact, ArtifactStore } from '#lib/store/store.ts';
import { type CheckReport, checkBackup } from '#lib/workbook/check.ts';

/**
 * Reads an artifact back from its store, whole, and compares it with its manifest and with what was written.
 * @throws BackupError BACKUP_DAMAGED naming the part, ARTIFACT_NOT_FOUND, STORE_UNAVAILABLE; the abort's reason
 */
export async function checkStored(store: ArtifactStore, artifact: Artifact, signal: AbortSignal): Promise<CheckReport> {
  const { sizeBytes } = await store.stat(artifact.uri);
  if (sizeBytes !== artifact.sizeBytes)
    throw new BackupError('BACKUP_DAMAGED', `The store has ${sizeBytes} of ${artifact.sizeBytes} bytes.`);
  const report = await checkBackup({ sizeBytes, open: (range) => store.open(artifact.uri, range) }, signal);
  if (report.sha256 !== artifact.sha256) throw new BackupError('BACKUP_DAMAGED', 'The sha256 of the file is not that of what was written.');
  return report;
}

/** The same for a file that a person named; nobody but its own manifest says what it should be. */
export async function checkFile(path: string, signal: AbortSignal): Promise<CheckReport> {
  return checkBackup(await openOneFile(path), signal);
}
