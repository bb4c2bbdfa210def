import type { Admin } from '#lib/auth.ts';
import type { Backup, BackupState } from '#lib/backup/backup.ts';
import { listBackups, recentBackups } from '#lib/catalog/read.ts';
import { sentenceFacts } from './facts.ts';
import type { CatalogSearch } from './search.ts';
import type { SentenceFacts } from './sentence.ts';

/** Rows of the list on one page. */
export const PAGE_SIZE = 25;
/** Runs in the small picture; also those that the sentence judges by. */
const RECENT = 60;
const OPEN: readonly BackupState[] = ['waiting', 'retrying', 'running', 'stalled'];

/** What the page of backups shows. */
export type Catalog = {
  readonly sentence: SentenceFacts;
  /** The latest, newest first. */
  readonly recent: readonly Backup[];
  readonly open: readonly Backup[];
  readonly page: readonly Backup[];
  /** On all pages of the filtered list. */
  readonly total: number;
  /** Backups that follow each other without a gap, for the change of size. */
  readonly neighbours: readonly Backup[];
};

const STATES: Readonly<Record<CatalogSearch['state'], readonly BackupState[]>> = {
  all: [],
  done: ['done'],
  failed: ['failed'],
  open: OPEN,
  'cleaned-up': ['cleaned_up'],
};

/** Everything the page of backups needs, read with the caller's own token at once. Throws CATALOG_UNREACHABLE. */
export async function readCatalog(client: Admin['client'], search: CatalogSearch): Promise<Catalog> {
  const newestFirst = { by: 'started', descending: true } as const;
  const [recent, newestGood, open, list] = await Promise.all([
    recentBackups(client, RECENT),
    listBackups(client, { states: ['done'], sort: newestFirst, page: 1, pageSize: 1 }),
    listBackups(client, { states: OPEN, sort: newestFirst, page: 1, pageSize: 5 }),
    listBackups(client, {
      states: STATES[search.state],
      ...(search.kind === 'all' ? {} : { kind: search.kind === 'scheduled' ? 'scheduled' : 'on_demand' }),
      sort: { by: search.sort, descending: search.order === 'desc' },
      page: search.page,
      pageSize: PAGE_SIZE,
    }),
  ]);
  const isWhole = search.sort === 'started' && search.state === 'all' && search.kind === 'all';
  return {
    sentence: sentenceFacts(recent, newestGood.backups.at(0) ?? null),
    recent,
    open: open.backups,
    page: list.backups,
    total: list.total,
    neighbours: isWhole && search.page > 1 ? list.backups : recent,
  };
}
