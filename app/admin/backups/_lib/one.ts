import { notFound } from 'next/navigation';
import { cache } from 'react';
import * as z from 'zod';
import { attempt, type Failure } from '#lib/action.ts';
import { requireAdminPage } from '#lib/auth.ts';
import type { Backup } from '#lib/backup/backup.ts';
import { readBackup } from '#lib/catalog/read.ts';
import { type BackupContents, describeBackup } from '#lib/runner/describe.ts';

type Read<T> = { readonly data: T; readonly failure: null } | { readonly data: null; readonly failure: Failure };

/** The backup of a page's address, read once per request with the caller's own token. An id that the caller may not see is a 404. */
export const loadBackup = cache(async (id: string): Promise<Read<Backup>> => {
  if (!z.uuid().safeParse(id).success) notFound();
  const read = await attempt(async () => readBackup((await requireAdminPage(`/admin/backups/${id}`)).client, id));
  if (read.failure !== null) return read;
  if (read.data === null) notFound();
  return { data: read.data, failure: null };
});

/** What the workbook itself says it holds, read once per request. */
export const loadContents = cache(async (storageUri: string): Promise<Read<BackupContents>> => attempt(() => describeBackup(storageUri)));
