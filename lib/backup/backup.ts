import { BACKUP_ERRORS, type BackupErrorCode } from './errors.ts';

/** Where a running backup is. Written at most once a second by its runner. */
export type Progress = {
  readonly phase: 'connecting' | 'schema' | 'rows' | 'publishing' | 'checking';
  /** `schema.table` at work, where there is one. */
  readonly table: string | null;
  readonly tablesDone: number;
  readonly tablesTotal: number;
  readonly rows: number;
  /** The planner's guess until a table was counted. */
  readonly rowsExpected: number;
  /** Bytes of rows read so far. */
  readonly sizeBytes: number;
  /** ISO 8601. */
  readonly startedAt: string;
};

/** Why a backup failed. `code` is null for rows that others wrote in free text, which then stands in `detail`. */
export type Failure = { readonly code: BackupErrorCode | null; readonly title: string; readonly hint: string; readonly detail: string };

type Common = {
  readonly id: string;
  readonly kind: 'scheduled' | 'on_demand';
  /** 'system@paliad' for scheduled ones. */
  readonly requestedByEmail: string;
  /** The audit row written before the backup was made; null if that write failed. */
  readonly auditId: string | null;
  /** Start of the latest attempt. */
  readonly startedAt: Date;
  /** When it was wanted. */
  readonly dueAt: Date;
  /** How many attempts have begun. */
  readonly attempt: number;
  /** Sentences for people, oldest first. */
  readonly warnings: readonly string[];
};

/** Nobody has begun yet. */
export type WaitingBackup = Common & { readonly state: 'waiting'; readonly giveUpAt: Date };
/** An attempt failed; the next begins at `nextTryAt`. */
export type RetryingBackup = Common & {
  readonly state: 'retrying';
  readonly nextTryAt: Date;
  readonly giveUpAt: Date;
  readonly lastCause: string | null;
};
type AtWork = { readonly progress: Progress | null; readonly runner: string; readonly leaseUntil: Date };
/** A runner is at work and says so regularly. */
export type RunningBackup = Common & AtWork & { readonly state: 'running' };
/** The runner has been silent for longer than its lease; another may take over. */
export type StalledBackup = Common & AtWork & { readonly state: 'stalled' };
/** The backup is there, whole. */
export type DoneBackup = Common & {
  readonly state: 'done';
  readonly finishedAt: Date;
  readonly storageUri: string;
  readonly sizeBytes: number | null;
  /** 64 lower-case hex digits. */
  readonly sha256: string | null;
  /** Rows by `schema.table`. */
  readonly rowCounts: Readonly<Record<string, number>>;
  readonly sheetCount: number | null;
  /** When its bytes were last read back and agreed. */
  readonly verifiedAt: Date | null;
  /** When it was last restored for a trial. */
  readonly drilledAt: Date | null;
};
/** It ended without a backup. */
export type FailedBackup = Common & { readonly state: 'failed'; readonly finishedAt: Date | null; readonly error: Failure };
/** It was done, and the rules or a person let its bytes go. */
export type CleanedUpBackup = Common & {
  readonly state: 'cleaned_up';
  readonly finishedAt: Date;
  readonly deletedAt: Date;
  readonly reason: string | null;
  readonly sizeBytes: number | null;
  readonly rowCounts: Readonly<Record<string, number>>;
  readonly sheetCount: number | null;
};

/** A backup as a person sees it: what cannot happen in a state cannot be written down. */
export type Backup = WaitingBackup | RetryingBackup | RunningBackup | StalledBackup | DoneBackup | FailedBackup | CleanedUpBackup;

/** What a person sees of a backup at a glance. */
export type BackupState = Backup['state'];

/** Every state, in the order of a backup's life. */
export const BACKUP_STATES = [
  'waiting',
  'retrying',
  'running',
  'stalled',
  'done',
  'failed',
  'cleaned_up',
] as const satisfies readonly BackupState[];

/** A backup that has not ended yet: its page keeps asking. */
export type OpenBackup = WaitingBackup | RetryingBackup | RunningBackup | StalledBackup;

/** Whether the backup has not ended yet. */
export function isOpen(backup: Backup): backup is OpenBackup {
  return backup.state === 'waiting' || backup.state === 'retrying' || backup.state === 'running' || backup.state === 'stalled';
}

/** Rows of all tables together. */
export function totalRows(rowCounts: Readonly<Record<string, number>>): number {
  return Object.values(rowCounts).reduce((sum, rows) => sum + rows, 0);
}

/**
 * The catalog's `error` in words. It holds `CODE: detail` with a code of `BACKUP_ERRORS`; anything else, such as a row that
 * somebody else wrote, becomes the detail of a plain "The backup failed".
 */
export function explainFailure(error: string | null): Failure {
  const { code, rest } = splitCode(error ?? '');
  if (code === null) return { code, title: 'The backup failed.', hint: 'The detail says what was recorded.', detail: rest };
  return { code, title: BACKUP_ERRORS[code].title, hint: BACKUP_ERRORS[code].hint, detail: inWords(rest) };
}

/** A recorded warning as a sentence for people: `Attempt 2: STORE_FULL: /srv` → `Attempt 2: The place … is full. /srv` */
export function inWords(warning: string): string {
  const [, attempt, text] = /^(Attempt \d+: )?(.*)$/s.exec(warning) ?? ['', '', '', warning];
  const { code, rest } = splitCode(text);
  return (attempt ?? '') + (code === null ? rest : `${BACKUP_ERRORS[code].title} ${rest}`.trimEnd());
}

function splitCode(text: string): { code: BackupErrorCode | null; rest: string } {
  const [, code, rest] = /^([A-Z][A-Z_]+)(?:: ?(.*))?$/s.exec(text) ?? [];
  return code !== undefined && isErrorCode(code) ? { code, rest: rest ?? '' } : { code: null, rest: text };
}

function isErrorCode(code: string): code is BackupErrorCode {
  return Object.hasOwn(BACKUP_ERRORS, code);
}
