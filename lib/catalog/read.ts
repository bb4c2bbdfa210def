import type { SupabaseClient } from '@supabase/supabase-js';
import * as z from 'zod';
import { BACKUP_STATES, type Backup, type BackupState } from '#lib/backup/backup.ts';
import { BackupError } from '#lib/backup/errors.ts';
import type { Database } from '#lib/supabase/database.types.ts';
import { BACKUP_COLUMNS, backupFromRow } from './row.ts';

/** What the list of backups can be sorted by. */
export const SORTS = ['started', 'finished', 'size', 'who', 'kind'] as const;

/** One page of the list: which backups, in which order. */
export type ListRequest = {
  /** Only these states; all when absent or empty. */
  readonly states?: readonly BackupState[];
  readonly kind?: 'scheduled' | 'on_demand';
  readonly sort: { readonly by: (typeof SORTS)[number]; readonly descending: boolean };
  /** 1 is the first. A page past the end is empty. */
  readonly page: number;
  readonly pageSize: number;
};

const SORT_COLUMNS = {
  started: 'started_at',
  finished: 'finished_at',
  size: 'size_bytes',
  who: 'requested_by_email',
  kind: 'kind',
} as const;

/**
 * One page of the backups that the caller may see, and how many there are on all pages. Row-level security decides what is
 * seen: a member gets none. Throws CATALOG_UNREACHABLE.
 */
export async function listBackups(client: SupabaseClient<Database>, request: ListRequest): Promise<{ backups: Backup[]; total: number }> {
  const now = new Date();
  const first = (request.page - 1) * request.pageSize;
  let query = client.schema('paliad').from('backups').select(BACKUP_COLUMNS, { count: 'exact' });
  if (request.kind !== undefined) query = query.eq('kind', request.kind);
  const states = new Set(request.states ?? []);
  if (states.size > 0 && states.size < BACKUP_STATES.length) query = query.or([...states].map((state) => inTerms(state, now)).join(','));
  const { data, count, error, status } = await query
    .order(SORT_COLUMNS[request.sort.by], { ascending: !request.sort.descending, nullsFirst: false })
    // The id settles ties, so that no backup stands on two pages.
    .order('id')
    .range(first, first + request.pageSize - 1);
  // 416: the page lies past the end. The first page then knows the total.
  if (status === 416 && request.page > 1) return { backups: [], total: (await listBackups(client, { ...request, page: 1 })).total };
  if (error !== null) throw new BackupError('CATALOG_UNREACHABLE', '', { cause: error });
  return { backups: data.map((row) => backupFromRow(row, now)), total: count ?? data.length };
}

/** The backup of that id; null when there is none or the caller may not see it. Throws CATALOG_UNREACHABLE. */
export async function readBackup(client: SupabaseClient<Database>, id: string): Promise<Backup | null> {
  if (!z.uuid().safeParse(id).success) return null;
  const { data, error } = await client.schema('paliad').from('backups').select(BACKUP_COLUMNS).eq('id', id).maybeSingle();
  if (error !== null) throw new BackupError('CATALOG_UNREACHABLE', '', { cause: error });
  return data === null ? null : backupFromRow(data, new Date());
}

/** The latest `count` backups of any state, newest first: for the sentence on top and the small picture. Throws CATALOG_UNREACHABLE. */
export async function recentBackups(client: SupabaseClient<Database>, count: number): Promise<Backup[]> {
  const { backups } = await listBackups(client, { sort: { by: 'started', descending: true }, page: 1, pageSize: count });
  return backups;
}

/** A state as a condition on the columns: what a person sees follows from the row alone. */
function inTerms(state: BackupState, now: Date): string {
  const moment = now.toISOString();
  switch (state) {
    case 'waiting':
      return 'and(status.eq.running,lease.is.null,attempt.eq.0)';
    case 'retrying':
      return 'and(status.eq.running,lease.is.null,attempt.gt.0)';
    case 'running':
      return `and(status.eq.running,lease_until.gte.${moment})`;
    case 'stalled':
      return `and(status.eq.running,lease_until.lt.${moment})`;
    case 'done':
      return 'and(status.eq.done,deleted_at.is.null)';
    case 'failed':
      return 'status.eq.failed';
    case 'cleaned_up':
      return 'and(status.eq.done,deleted_at.not.is.null)';
  }
}
