import type { Backup, Progress } from '#lib/backup/backup.ts';

/** What the page knows about a backup while it is open, as it travels over the wire each second. Moments as ISO text. */
export type LiveView = {
  readonly state: Backup['state'];
  readonly progress: Progress | null;
  readonly startedAt: string;
  readonly nextTryAt: string | null;
  readonly giveUpAt: string | null;
  readonly leaseUntil: string | null;
  readonly reason: string | null;
  readonly attempt: number;
  /** The server's clock, so that a wrong clock of the reader changes no rate and no time left. */
  readonly nowMs: number;
};

/** The open side of a backup, at the server's moment `nowMs`. */
export function liveView(backup: Backup, nowMs: number): LiveView {
  return {
    state: backup.state,
    progress: backup.state === 'running' || backup.state === 'stalled' ? backup.progress : null,
    startedAt: backup.startedAt.toISOString(),
    nextTryAt: backup.state === 'retrying' ? backup.nextTryAt.toISOString() : null,
    giveUpAt: backup.state === 'retrying' || backup.state === 'waiting' ? backup.giveUpAt.toISOString() : null,
    leaseUntil: backup.state === 'running' || backup.state === 'stalled' ? backup.leaseUntil.toISOString() : null,
    reason:
      backup.state === 'retrying'
        ? (backup.lastCause?.replace(/^Attempt \d+: /, '') ?? null)
        : backup.state === 'failed'
          ? backup.error.title
          : null,
    attempt: backup.attempt,
    nowMs,
  };
}

/** Whether the backup has not ended yet. */
export function isOpenState(state: Backup['state']): boolean {
  return state === 'waiting' || state === 'retrying' || state === 'running' || state === 'stalled';
}

/** How far a run is. */
export type Pace = {
  /** 0 to 100; null when it cannot be said. Stays below 100 until the run has ended. */
  readonly percent: number | null;
  readonly bytesPerSecond: number | null;
  readonly leftMs: number | null;
};

const SHORTEST_MS = 1_500;

/** Percent, rate and time left from the counts so far; null where the run is too young or the phase has no rows. */
export function paceOf(progress: Progress, nowMs: number): Pace {
  const elapsedMs = nowMs - Date.parse(progress.startedAt);
  const share = shareDone(progress);
  if (progress.phase !== 'rows' || elapsedMs < SHORTEST_MS) return { percent: share, bytesPerSecond: null, leftMs: null };
  const rowsLeft = Math.max(0, progress.rowsExpected - progress.rows);
  return {
    percent: share,
    bytesPerSecond: progress.sizeBytes === 0 ? null : (progress.sizeBytes / elapsedMs) * 1000,
    leftMs: progress.rows === 0 || progress.rowsExpected === 0 ? null : (rowsLeft * elapsedMs) / progress.rows,
  };
}

function shareDone(progress: Progress): number | null {
  if (progress.phase === 'connecting' || progress.phase === 'schema') return 0;
  if (progress.phase === 'publishing') return 97;
  if (progress.phase === 'checking') return 98;
  if (progress.rowsExpected > 0) return Math.min(96, (progress.rows / progress.rowsExpected) * 96);
  return progress.tablesTotal > 0 ? (progress.tablesDone / progress.tablesTotal) * 96 : null;
}

/** What a run is doing, in words. */
export const PHASE_WORDS: Readonly<Record<Progress['phase'], string>> = {
  connecting: 'Connecting to the database',
  schema: 'Reading the table definitions',
  rows: 'Copying the rows',
  publishing: 'Putting the workbook in its place',
  checking: 'Reading it back and comparing',
};
