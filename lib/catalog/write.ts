import type pg from 'pg';
import * as z from 'zod';
import type { Backup, Progress } from '#lib/backup/backup.ts';
import { BackupError } from '#lib/backup/errors.ts';
import { backupFromRow } from './row.ts';

/** A backup that this runner has taken: `lease` is the token that alone may renew and finish it. */
export type Wish = {
  readonly id: string;
  readonly lease: string;
  readonly kind: 'scheduled' | 'on_demand';
  /** 1 for the first attempt. */
  readonly attempt: number;
  readonly giveUpAt: Date;
  readonly requestedByEmail: string;
};

/** What is recorded of a backup that was made. */
export type Facts = {
  readonly sizeBytes: number;
  /** 64 lower-case hex digits. */
  readonly sha256: string;
  /** Rows by `schema.table`. */
  readonly rowCounts: Readonly<Record<string, number>>;
  readonly sheetCount: number;
  /** Format number of the manifest. */
  readonly format: number;
  readonly verifiedAt: Date | null;
  /** What the check found; anything that JSON can hold. */
  readonly verification: unknown;
  /** Sentences for people. */
  readonly warnings: readonly string[];
};

/** How an attempt ended. `error` is `CODE: detail`; `again`: it is tried again until it is given up. */
export type Outcome =
  | { readonly uri: string; readonly facts: Facts }
  | { readonly error: string; readonly again: boolean; readonly warnings?: readonly string[] };

/** Who an audit row is about: a person, or the system with id null. */
export type Actor = { readonly id: string | null; readonly email: string };

/** What a runner needs of the settings. Durations in seconds. */
export type RunnerSettings = {
  /** Whose data this is; empty: nobody has said. */
  readonly organisation: string;
  readonly excludedSchemas: readonly string[];
  /** As `schema.table`. */
  readonly excludedData: readonly string[];
  readonly sheetCells: number;
  readonly home: string | null;
  readonly leaseSeconds: number;
  readonly tickSeconds: number;
};

const Flag = z.tuple([z.object({ answer: z.boolean() })]).transform(([row]) => row.answer);
const Asked = z.tuple([z.object({ id: z.string(), is_new: z.boolean() })]);
const Noted = z.tuple([z.object({ id: z.string() })]);
const Claimed = z.array(
  z.object({
    id: z.string(),
    lease: z.string(),
    kind: z.enum(['scheduled', 'on_demand']),
    attempt: z.number(),
    give_up_at: z.date(),
    requested_by_email: z.string(),
  }),
);
const Settings = z.tuple([
  z.object({
    organisation: z.string(),
    excluded_schemas: z.array(z.string()),
    excluded_data: z.array(z.string()),
    sheet_cells: z.number(),
    home: z.string().nullable(),
    lease_seconds: z.number(),
    tick_seconds: z.number(),
  }),
]);

/** A person's wish for a backup now. The same nonce gives the same backup for ever; while one such wish is open, every other gives that one. */
export async function ask(
  pool: pg.Pool,
  nonce: string,
  user: { id: string; email: string },
): Promise<{ backupId: string; isNew: boolean }> {
  const [row] = await call(pool, Asked, 'select id, is_new from paliad.ask($1, $2, $3)', [nonce, user.id, user.email]);
  return { backupId: row.id, isNew: row.is_new };
}

/** Writes down the scheduled backup that is due and ends what is past its time. True: a runner has work. Any caller, any time. */
export async function tick(pool: pg.Pool): Promise<boolean> {
  return call(pool, Flag, 'select paliad.tick() as answer', []);
}

/** Takes the oldest backup that wants a runner. Null: nothing to do, or another runner is at work. */
export async function claim(pool: pg.Pool, runner: string, leaseSeconds: number): Promise<Wish | null> {
  const rows = await call(
    pool,
    Claimed,
    `select id, lease, kind, attempt, give_up_at, requested_by_email from paliad.claim($1, make_interval(secs => $2))`,
    [runner, leaseSeconds],
  );
  if (rows.length === 0) return null;
  const [row] = rows;
  return {
    id: row.id,
    lease: row.lease,
    kind: row.kind,
    attempt: row.attempt,
    giveUpAt: row.give_up_at,
    requestedByEmail: row.requested_by_email,
  };
}

/** Keeps the lease and shows progress (null: as before). False: taken over, cancelled or ended; stop and publish nothing. */
export async function renew(
  pool: pg.Pool,
  wish: Pick<Wish, 'id' | 'lease'>,
  progress: Progress | null,
  leaseSeconds: number,
): Promise<boolean> {
  return call(pool, Flag, 'select paliad.renew($1, $2, $3, make_interval(secs => $4)) as answer', [
    wish.id,
    wish.lease,
    progress === null ? null : JSON.stringify(progress),
    leaseSeconds,
  ]);
}

/** Ends the attempt that holds the lease: the commit point of a backup. False: the lease was lost and nothing changed. */
export async function finish(pool: pg.Pool, wish: Pick<Wish, 'id' | 'lease'>, outcome: Outcome): Promise<boolean> {
  const [uri, error, again, facts] =
    'uri' in outcome
      ? [outcome.uri, null, false, factsForSql(outcome.facts)]
      : [null, outcome.error, outcome.again, { warnings: outcome.warnings ?? [] }];
  return call(pool, Flag, 'select paliad.finish($1, $2, $3, $4, $5, $6) as answer', [
    wish.id,
    wish.lease,
    uri,
    error,
    again,
    JSON.stringify(facts),
  ]);
}

/** Gives the backup back untried: the attempt does not count and any runner may take it at once. False: the lease was lost. */
export async function handBack(pool: pg.Pool, wish: Pick<Wish, 'id' | 'lease'>, why: string): Promise<boolean> {
  return call(pool, Flag, 'select paliad.hand_back($1, $2, $3) as answer', [wish.id, wish.lease, why]);
}

/** Ends an open backup as cancelled by that person; its runner loses the lease. False: it had ended already. */
export async function cancel(pool: pg.Pool, backupId: string, email: string): Promise<boolean> {
  return call(pool, Flag, 'select paliad.cancel($1, $2) as answer', [backupId, email]);
}

/** Appends a row to the audit log and gives its id. `from` is the network address of the request, where there was one. */
export async function writeAudit(
  pool: pg.Pool,
  actor: Actor,
  entry: {
    readonly action: string;
    readonly object: string | null;
    readonly detail: Record<string, unknown>;
    readonly from: string | null;
  },
): Promise<string> {
  const values = [actor.id, actor.email, entry.action, entry.object, JSON.stringify(entry.detail), entry.from];
  const [row] = await call(pool, Noted, 'select paliad.write_audit($1, $2, $3, $4, $5, $6) as id', values);
  return row.id;
}

/** The settings that a runner goes by. */
export async function settingsForRunner(pool: pg.Pool): Promise<RunnerSettings> {
  const [row] = await call(
    pool,
    Settings,
    `select organisation, excluded_schemas, excluded_data, sheet_cells, home, extract(epoch from lease)::float8 as lease_seconds,
            extract(epoch from tick)::float8 as tick_seconds from paliad.backup_settings`,
    [],
  );
  return {
    organisation: row.organisation,
    excludedSchemas: row.excluded_schemas,
    excludedData: row.excluded_data,
    sheetCells: row.sheet_cells,
    home: row.home,
    leaseSeconds: row.lease_seconds,
    tickSeconds: row.tick_seconds,
  };
}

/** A backup whoever asks: for runners, and for uses that have checked their caller. Null when there is none. */
export async function backupForRunner(pool: pg.Pool, backupId: string): Promise<Backup | null> {
  const rows = await call(pool, z.array(z.unknown()), 'select * from paliad.backups where id = $1', [backupId]);
  return rows.length === 0 ? null : backupFromRow(rows[0], new Date());
}

function factsForSql(facts: Facts) {
  return {
    size_bytes: facts.sizeBytes,
    sha256: facts.sha256,
    row_counts: facts.rowCounts,
    sheet_count: facts.sheetCount,
    format: facts.format,
    verified_at: facts.verifiedAt?.toISOString() ?? null,
    verification: facts.verification ?? null,
    warnings: facts.warnings,
  };
}

/**
 * One statement as service_role, in a transaction of its own, so that a pooler may lend any session; what comes back is parsed.
 * A connection that failed is not used again.
 */
async function call<T>(pool: pg.Pool, shape: z.ZodType<T>, sql: string, values: readonly unknown[]): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    throw new BackupError('CATALOG_UNREACHABLE', '', { cause: error });
  });
  // A lent connection that is cut between two queries says so by an event; unheard, that would end the program.
  const ignore = () => {};
  client.on('error', ignore);
  try {
    await client.query('begin; set local role service_role');
    const { rows } = await client.query(sql, [...values]);
    await client.query('commit');
    client.off('error', ignore);
    client.release();
    return shape.parse(rows);
  } catch (error) {
    client.release(true);
    throw isConnectionFailure(error) ? new BackupError('CATALOG_UNREACHABLE', '', { cause: error }) : error;
  }
}

/** Server or network went away: class 08, shutdown and start-up (57P…), too many connections, or no SQLSTATE at all. */
function isConnectionFailure(error: unknown): boolean {
  if (error instanceof z.ZodError) return false;
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  return !/^[0-9A-Z]{5}$/.test(code) || /^(08|57P|53300)/.test(code);
}
