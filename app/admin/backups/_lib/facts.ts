import { type Backup, isOpen, totalRows } from '#lib/backup/backup.ts';
import type { SentenceFacts } from './sentence.ts';

/** A run as the small picture draws it. */
export type RunPoint = {
  readonly id: string;
  readonly state: Backup['state'];
  readonly startedAt: Date;
  readonly durationMs: number | null;
  readonly sizeBytes: number | null;
};

/** How long the last attempt took; null while it is open or when its end is not known. */
export function durationMs(backup: Backup): number | null {
  if (!('finishedAt' in backup) || backup.finishedAt === null) return null;
  return Math.max(0, backup.finishedAt.getTime() - backup.startedAt.getTime());
}

/** The size of the workbook in bytes; null when there is none or it is not known. */
export function sizeBytes(backup: Backup): number | null {
  return 'sizeBytes' in backup ? backup.sizeBytes : null;
}

/** All rows of all tables; null when the backup did not get so far. */
export function rowsTotal(backup: Backup): number | null {
  return 'rowCounts' in backup ? totalRows(backup.rowCounts) : null;
}

/** What the sentence on top needs. `lastGood` may be older than every one of `recent`; `recent` in any order. */
export function sentenceFacts(recent: readonly Backup[], lastGood: Backup | null): SentenceFacts {
  const good = lastGood?.state === 'done' ? { atMs: lastGood.finishedAt.getTime(), isChecked: lastGood.verifiedAt !== null } : null;
  let failedSince: SentenceFacts['failedSince'] = null;
  for (const backup of recent) {
    if (backup.state !== 'failed' || backup.error.code === 'RUN_CANCELLED') continue;
    const atMs = (backup.finishedAt ?? backup.startedAt).getTime();
    if (atMs > Math.max(good?.atMs ?? 0, failedSince?.atMs ?? 0)) failedSince = { atMs, title: backup.error.title };
  }
  const areChecksMade = recent.some((backup) => backup.state === 'done' && backup.verifiedAt !== null);
  return { lastGood: good, failedSince, isOpen: recent.some(isOpen), areChecksMade };
}

/** For each backup of known size, the size of the one made before it. Right for backups that follow each other without a gap. */
export function sizesBefore(backups: readonly Backup[]): ReadonlyMap<string, number> {
  const before = new Map<string, number>();
  let previous: number | null = null;
  for (const backup of [...backups].sort((a, b) => a.startedAt.getTime() - b.startedAt.getTime())) {
    const size = sizeBytes(backup);
    if (size === null) continue;
    if (previous !== null) before.set(backup.id, previous);
    previous = size;
  }
  return before;
}

/** The run for the small picture. */
export function runPoint(backup: Backup): RunPoint {
  return { id: backup.id, state: backup.state, startedAt: backup.startedAt, durationMs: durationMs(backup), sizeBytes: sizeBytes(backup) };
}

/** Where a workbook is kept, in a word or two. */
export function placeOf(storageUri: string): string {
  const scheme = storageUri.split('://', 1)[0];
  if (scheme === 'file') return 'Server disk';
  if (scheme === 'supabase') return 'Supabase Storage';
  if (scheme === 's3') return 'S3';
  return scheme;
}
