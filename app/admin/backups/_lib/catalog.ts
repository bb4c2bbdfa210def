import type { Admin } from '#lib/auth.ts';
import { type Backup, type BackupState, isOpen } from '#lib/backup/backup.ts';
import { listBackups } from '#lib/catalog/read.ts';
import { sentenceFacts } from './facts.ts';
import type { CatalogSearch } from './search.ts';
import type { SentenceFacts } from './sentence.ts';

/** Rows of the list on one page. */
export const PAGE_SIZE = 25;
/** Runs in the small picture; also those that the sentence judges by. */
const RECENT = 60;

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
  open: ['waiting', 'retrying', 'running', 'stalled'],
  'cleaned-up': ['cleaned_up'],
};

/**
 * Everything the page of backups needs, read with the caller's own token. The plain list is one question to the catalog: its
 * first page, the open ones and the last good one stand among the latest, unless none of those was good.
 * Throws CATALOG_UNREACHABLE.
 */
export async function readCatalog(client: Admin['client'], search: CatalogSearch): Promise<Catalog> {
  const isPlain = search.sort === 'started' && search.order === 'desc' && search.state === 'all' && search.kind === 'all';
  const [latest, chosen] = await Promise.all([
    listBackups(client, { sort: NEWEST_FIRST, page: 1, pageSize: RECENT }),
    isPlain && search.page === 1 ? null : listChosen(client, search),
  ]);
  const recent = latest.backups;
  const list = chosen ?? { backups: recent.slice(0, PAGE_SIZE), total: latest.total };
  const lastGood = recent.find(({ state }) => state === 'done') ?? (await lastGoodOfAll(client, latest.total));
  return {
    sentence: sentenceFacts(recent, lastGood),
    recent,
    open: recent.filter(isOpen),
    page: list.backups,
    total: list.total,
    neighbours: isPlain && search.page > 1 ? list.backups : recent,
  };
}

const NEWEST_FIRST = { by: 'started', descending: true } as const;

function listChosen(client: Admin['client'], search: CatalogSearch): Promise<{ backups: Backup[]; total: number }> {
  return listBackups(client, {
    states: STATES[search.state],
    ...(search.kind === 'all' ? {} : { kind: search.kind === 'scheduled' ? 'scheduled' : 'on_demand' }),
    sort: { by: search.sort, descending: search.order === 'desc' },
    page: search.page,
    pageSize: PAGE_SIZE,
  });
}

/** The last good backup when it is older than the latest ones; asked for only when there are older ones. */
async function lastGoodOfAll(client: Admin['client'], total: number): Promise<Backup | null> {
  if (total <= RECENT) return null;
  const { backups } = await listBackups(client, { states: ['done'], sort: NEWEST_FIRST, page: 1, pageSize: 1 });
  return backups.at(0) ?? null;
}
