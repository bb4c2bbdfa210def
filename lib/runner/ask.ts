import { ask } from '#lib/catalog/write.ts';
import { wakeLoop } from './loop.ts';
import { workplace } from './workplace.ts';

/** A person who may: the caller has checked that. */
export type Admin = { readonly id: string; readonly email: string };

/**
 * Asks for a backup and returns at once. The same nonce asks once, however often it is sent; while a backup that was asked
 * for is open, that one is the answer.
 * @throws BackupError CATALOG_UNREACHABLE
 */
export async function askForBackup(admin: Admin, nonce: string): Promise<{ backupId: string; isNew: boolean }> {
  const { catalog } = await workplace();
  const asked = await ask(catalog, nonce, admin);
  wakeLoop();
  return asked;
}
