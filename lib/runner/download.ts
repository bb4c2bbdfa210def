import { BackupError } from '#lib/backup/errors.ts';
import { backupForRunner, settingsForRunner, writeAudit } from '#lib/catalog/write.ts';
import type { Admin } from './ask.ts';
import { workplace } from './workplace.ts';

/** A backup's file on its way to a person. */
export type Download = {
  /** `organisation-2026-11-24-0200.xlsx`, UTC. */
  readonly filename: string;
  readonly sizeBytes: number;
  readonly sha256: string | null;
  readonly body: ReadableStream<Uint8Array>;
};

/**
 * Opens a backup's file for a person who may (the caller has checked that). The audit row is written before the first byte:
 * without it there is no download.
 * @throws BackupError BACKUP_NOT_FOUND, ARTIFACT_NOT_FOUND, STORE_UNAVAILABLE, CATALOG_UNREACHABLE
 */
export async function openDownload(admin: Admin, backupId: string, reason: string, from: string): Promise<Download> {
  const { catalog, store } = await workplace();
  const backup = await backupForRunner(catalog, backupId);
  if (backup === null) throw new BackupError('BACKUP_NOT_FOUND', backupId);
  if (backup.state !== 'done') throw new BackupError('ARTIFACT_NOT_FOUND', 'This backup has no file.');
  const { sizeBytes } = await store.stat(backup.storageUri);
  await writeAudit(catalog, admin, { action: 'backup.download', object: `backup/${backupId}`, detail: { reason, sizeBytes }, from });
  const { organisation } = await settingsForRunner(catalog);
  return {
    filename: `${slug(organisation)}-${minute(backup.startedAt)}.xlsx`,
    sizeBytes,
    sha256: backup.sha256,
    body: await store.open(backup.storageUri),
  };
}

/** Letters and digits that every file system takes. */
function slug(organisation: string): string {
  const plain = organisation
    .normalize('NFKD')
    .replaceAll('ß', 'ss')
    .replace(/[\u0300-\u036f]/g, '');
  return (
    plain
      .replace(/[^A-Za-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .toLowerCase()
      .slice(0, 60) || 'backup'
  );
}

function minute(time: Date): string {
  return time.toISOString().slice(0, 16).replace('T', '-').replace(':', '');
}
