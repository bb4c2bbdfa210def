/** What a person reads about an error, and what the program does about it. */
export type ErrorEntry = {
  /** One sentence in plain words: what is the matter. */
  readonly title: string;
  /** What to do about it. */
  readonly hint: string;
  /** Status for a machine that asked over HTTP. */
  readonly httpStatus: number;
  /** Whether trying again later may succeed without anybody changing anything. */
  readonly isRetryable: boolean;
};

/**
 * Every expected error of the product. Title and hint go to the person; the detail of a `BackupError` names the
 * object (a table, a file, a host) and never holds row data or a secret; the cause goes to the log only.
 * `docs/operations.md` has an entry for each.
 */
export const BACKUP_ERRORS = {
  // The database that is backed up
  SOURCE_UNREACHABLE: entry('The database cannot be reached.', 'Check host, port and network, and that the server is running.', 502, true),
  SOURCE_NOT_FOUND: entry(
    'There is no such database on the server.',
    'Check the name at the end of the connection string; names are case-sensitive.',
    400,
    false,
  ),
  SOURCE_AUTH_FAILED: entry(
    'The database refused the user name or password.',
    'Check both in the connection string; a password with special characters must be percent-encoded.',
    502,
    false,
  ),
  SOURCE_URL_INVALID: entry(
    'The connection string cannot be read.',
    'It must look like postgres://user:password@host:5432/database.',
    400,
    false,
  ),
  SOURCE_IS_POOLER: entry(
    'This is a transaction pooler; a backup needs one session for its snapshot.',
    'Use the session pooler (port 5432 on the same host) or the direct connection.',
    400,
    false,
  ),
  SOURCE_CONNECTION_LOST: entry(
    'The connection to the database was lost during the backup.',
    'Nothing was kept of this attempt. It is tried again; if it repeats, look at the server log.',
    502,
    true,
  ),
  SOURCE_TOO_OLD: entry('This Postgres version is too old.', 'Backups need Postgres 13 or newer.', 400, false),
  SOURCE_TOO_NEW: entry(
    'This Postgres version is newer than the bundled pg_dump can describe.',
    'Update this product, or install the matching postgresql-client so that pg_dump is on PATH.',
    400,
    false,
  ),
  SCHEMA_NOT_FOUND: entry('A schema that should be backed up does not exist.', 'Check the spelling; names are case-sensitive.', 400, false),
  TABLE_NOT_FOUND: entry('A table that was named does not exist.', 'Name it as schema.table; names are case-sensitive.', 400, false),
  TABLE_NOT_READABLE: entry(
    'The database user may not read everything that is to be backed up.',
    'Grant it SELECT on them (or membership in pg_read_all_data), and USAGE on their schemas.',
    403,
    false,
  ),
  ROWS_HIDDEN: entry(
    'Row-level security would hide rows from the backup.',
    'Use a user that bypasses row-level security (BYPASSRLS), or the owner of a table without FORCE ROW LEVEL SECURITY.',
    403,
    false,
  ),
  TABLE_LOCKED: entry(
    'A table stayed locked by another session.',
    'It is tried again. If it repeats, look for a long-running ALTER, VACUUM FULL or open transaction.',
    503,
    true,
  ),
  SCHEMA_CHANGING: entry(
    'The tables kept changing while the snapshot was being taken.',
    'It is tried again. Wait until the migration has ended.',
    503,
    true,
  ),
  SCHEMA_DUMP_FAILED: entry('The table definitions could not be read.', 'The detail says what pg_dump reported.', 500, true),
  QUERY_FAILED: entry('The database refused a statement of the backup.', 'The detail says which; the server log says more.', 500, true),
  // The workbook
  SHEET_NOT_DRAWN: entry(
    'A sheet of the workbook could not be drawn.',
    'This is a fault of the product: please report it with the reference.',
    500,
    false,
  ),
  NOT_A_BACKUP: entry('This file is not a backup.', 'Choose a workbook that this product wrote.', 400, false),
  BACKUP_RESAVED: entry(
    'This workbook has no backup parts: a spreadsheet program saved it again, or it is one table taken out of a backup.',
    'Use the original file from where backups are kept; a copy that was only opened and closed is fine.',
    400,
    false,
  ),
  BACKUP_DAMAGED: entry('The backup is damaged.', 'Use another backup; the detail says which part does not match.', 500, false),
  FORMAT_TOO_NEW: entry('This backup was written by a newer version of the product.', 'Update the product, then try again.', 400, false),
  TABLE_NOT_IN_BACKUP: entry('The backup has no such table.', 'List its tables with: npm run paliad -- ls FILE', 404, false),
  // Where backups are kept
  STORE_URL_INVALID: entry('The address of the backup store cannot be read.', 'It must look like file:///srv/backups.', 400, false),
  STORE_UNAVAILABLE: entry(
    'The place where backups are kept cannot be reached.',
    'Check that the folder or bucket exists and may be written to.',
    503,
    true,
  ),
  STORE_FULL: entry(
    'The place where backups are kept is full.',
    'Free some space; nothing was kept of this attempt and older backups are untouched.',
    507,
    true,
  ),
  STORE_REFUSED: entry('The store does not serve this address.', 'The address lies outside the configured place for backups.', 400, false),
  FILE_NOT_FOUND: entry('There is no such file.', 'Check its path.', 404, false),
  ARTIFACT_EXISTS: entry(
    'There is a file of this name already.',
    'Choose another name, or move the file away; a backup never overwrites a file.',
    409,
    false,
  ),
  ARTIFACT_NOT_FOUND: entry(
    'The backup’s file is not where it was kept.',
    'It was moved or deleted outside of this product; use another backup.',
    404,
    false,
  ),
  // Runs and people
  RUN_MISSED: entry(
    'The scheduled backup was missed.',
    'No runner was there in time. Check that the server runs around the clock; the next scheduled one is unaffected.',
    503,
    false,
  ),
  RUN_GAVE_UP: entry(
    'The backup was given up after its last try.',
    'The detail says why the last try failed. Mend that, then start another one.',
    503,
    false,
  ),
  RUN_CANCELLED: entry('The backup was cancelled.', 'Start another one when you are ready.', 409, false),
  LEASE_LOST: entry('Another runner has taken over this backup.', 'Nothing to do: the other runner finishes it.', 409, false),
  RUN_DRAINED: entry(
    'It was interrupted by a stop of the server, and made anew from the beginning.',
    'It goes on as soon as a runner is there.',
    503,
    true,
  ),
  RUN_TIME_LIMIT: entry(
    'This host ends requests before the backup could end.',
    'Run the runner on a machine that stays: npm run work.',
    504,
    false,
  ),
  RUNNER_REFUSED: entry(
    'The runner’s secret is missing or wrong.',
    'Send the value of RUNNER_SECRET in the header x-backup-runner.',
    401,
    false,
  ),
  NOT_SIGNED_IN: entry('You are not signed in.', 'Sign in and try again.', 401, false),
  NOT_ADMIN: entry('Your account lacks the role global_admin.', 'Ask an administrator to give it to you.', 403, false),
  FOREIGN_ORIGIN: entry('The request came from another site.', 'Open this console itself and try again from there.', 403, false),
  SIGN_IN_FAILED: entry('E-mail or password is wrong.', 'Try again; both are case-sensitive.', 401, false),
  AUTH_UNREACHABLE: entry('The sign-in service cannot be reached.', 'Try again in a moment; if it stays, check SUPABASE_URL.', 503, true),
  CATALOG_UNREACHABLE: entry(
    'The catalog of backups cannot be read.',
    'Try again in a moment; if it stays, check the database.',
    503,
    true,
  ),
  BACKUP_NOT_FOUND: entry('There is no such backup.', 'It may have been opened from an old link.', 404, false),
  INPUT_INVALID: entry('Something that was entered cannot be used.', 'The detail says what and why.', 400, false),
  ALREADY_RUNNING: entry(
    'Backup Mode is already running on this data folder.',
    'Use that one, or stop it first (Ctrl-C where it was started). A second one needs a folder of its own: PALIAD_DATA.',
    409,
    false,
  ),
  SERVER_NOT_STARTED: entry(
    'The built-in database server did not start.',
    'The detail says what it reported; its log, postgres.log in the data folder, says more.',
    500,
    false,
  ),
  MIGRATION_FAILED: entry(
    'The database could not be brought up to date.',
    'The detail names the file and what the database said; nothing of that file was kept.',
    500,
    false,
  ),
  ENVIRONMENT_INVALID: entry(
    'A setting in the environment is missing or malformed.',
    'The detail names the variable and shows an example.',
    500,
    false,
  ),
  INTERNAL: entry('Something unexpected went wrong.', 'Please report it with the reference; the log has the cause.', 500, false),
} as const satisfies Record<string, ErrorEntry>;

/** A code of `BACKUP_ERRORS`. */
export type BackupErrorCode = keyof typeof BACKUP_ERRORS;

function entry(title: string, hint: string, httpStatus: number, isRetryable: boolean): ErrorEntry {
  return { title, hint, httpStatus, isRetryable };
}

/** An expected error: its code chooses the words, `detail` names the object. Anything else that is thrown is a fault. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
  readonly code: BackupErrorCode;
  /** Names the table, file, host or setting. Holds no row data and no secret. */
  readonly detail: string;

  /**
   * Next loads this module once for its pages, once for its routes and once for the loop, and what one of them throws
   * another one catches: an error of any copy counts.
   */
  static override [Symbol.hasInstance](value: unknown): value is BackupError {
    if (!(value instanceof Error) || value.name !== 'BackupError' || !('code' in value)) return false;
    return typeof value.code === 'string' && Object.hasOwn(BACKUP_ERRORS, value.code);
  }

  constructor(code: BackupErrorCode, detail = '', options?: { cause?: unknown }) {
    super(detail === '' ? BACKUP_ERRORS[code].title : `${BACKUP_ERRORS[code].title} ${detail}`, options);
    this.code = code;
    this.detail = detail;
  }

  get title(): string {
    return BACKUP_ERRORS[this.code].title;
  }
  get hint(): string {
    return BACKUP_ERRORS[this.code].hint;
  }
  get httpStatus(): number {
    return BACKUP_ERRORS[this.code].httpStatus;
  }
  get isRetryable(): boolean {
    return BACKUP_ERRORS[this.code].isRetryable;
  }
}

/** The error as a `BackupError`: itself, or `INTERNAL` with the original as its cause. */
export function asBackupError(error: unknown): BackupError {
  return error instanceof BackupError ? error : new BackupError('INTERNAL', '', { cause: error });
}
