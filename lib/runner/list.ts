import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { asBackupError, type BackupError } from '#lib/backup/errors.ts';
import type { Manifest } from '#lib/backup/manifest.ts';
import { openOneFile } from '#lib/store/file/one-file.ts';
import { openBackup } from '#lib/workbook/read.ts';

/** A file in a folder: a backup, or why it is none. */
export type ListedFile = { readonly path: string; readonly sizeBytes: number } & (
  | { readonly manifest: Manifest }
  | { readonly error: BackupError }
);

/** The manifest of a backup in a file. @throws BackupError FILE_NOT_FOUND, NOT_A_BACKUP, BACKUP_RESAVED, BACKUP_DAMAGED, FORMAT_TOO_NEW */
export async function readManifest(path: string): Promise<Manifest> {
  return (await openBackup(await openOneFile(path))).manifest;
}

/** Whether `path` is a folder. */
export async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Every workbook below a folder, by name; files that are no backups are listed with the reason, never passed over. */
export async function listFolder(folder: string): Promise<ListedFile[]> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.xlsx')).sort();
  const listed: ListedFile[] = [];
  for (const name of names) {
    const path = join(folder, name);
    const { size: sizeBytes } = await stat(path);
    try {
      listed.push({ path, sizeBytes, manifest: await readManifest(path) });
    } catch (error) {
      listed.push({ path, sizeBytes, error: asBackupError(error) });
    }
  }
  return listed;
}
