import pg from 'pg';
import { setUpCatalog } from '#tests/support/auth-stand-in.ts';
import { createDatabase } from '#tests/support/postgres.ts';

/** The scheduled moment that the tests turn around: every function is told the time, nothing sleeps. */
const DUE_AT = Date.parse('2026-11-24T02:00:00Z');

/** The moment that many seconds after the scheduled one. */
export function at(seconds: number): Date {
  return new Date(DUE_AT + seconds * 1000);
}

/** A row of paliad.backups, as far as these tests look. */
export type BackupRow = {
  id: string;
  status: string;
  slot: string;
  lease: string;
  attempt: number;
  error: string | null;
  warnings: string[];
  storage_uri: string | null;
  audit_id: string | null;
  next_try_at: Date;
  lease_until: Date | null;
  finished_at: Date | null;
};

/** A catalog of a test file's own with three sessions: A and B race, C looks on. */
export type RaceCatalog = Awaited<ReturnType<typeof openRaceCatalog>>;

/** Makes the catalog. */
export async function openRaceCatalog() {
  const database = await createDatabase();
  const { client: c } = database;
  await setUpCatalog(c);
  const connect = async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    return client;
  };
  const [a, b] = [await connect(), await connect()];
  const rows = async () => (await c.query<BackupRow>('select * from paliad.backups order by due_at, slot')).rows;
  return {
    a,
    b,
    c,
    url: database.url,
    connect,
    rows,
    /** No backup, and a schedule of every day at 02:00 UTC that has always been on. */
    async reset(): Promise<void> {
      await c.query('delete from paliad.backups');
      await c.query(`update paliad.backup_settings set enabled = true, first_local = '2026-01-01 02:00', every = '1 day', zone = 'UTC',
                            catch_up = '20 hours', active_from = '2020-01-01'`);
    },
    async drop(): Promise<void> {
      await a.end();
      await b.end();
      await database.drop();
    },
  };
}

/** tick() at that moment: whether a runner has work. */
export async function tick(client: pg.Client, now: Date): Promise<boolean> {
  return (await client.query('select paliad.tick($1) as has_work', [now])).rows[0].has_work;
}

/** claim() at that moment, with a lease of 90 s: the row, or undefined. */
export async function claim(client: pg.Client, runner: string, now: Date): Promise<BackupRow | undefined> {
  return (await client.query<BackupRow>("select * from paliad.claim($1, '90 s', $2)", [runner, now])).rows[0];
}

/** finish() with a URI. */
export async function finish(client: pg.Client, row: BackupRow, uri: string, now: Date): Promise<boolean> {
  return (await client.query("select paliad.finish($1, $2, $3, null, false, '{}', $4) as kept", [row.id, row.lease, uri, now])).rows[0]
    .kept;
}

/** finish() with an error. */
export async function fail(client: pg.Client, row: BackupRow, error: string, again: boolean, now: Date): Promise<boolean> {
  const values = [row.id, row.lease, error, again, now];
  return (await client.query("select paliad.finish($1, $2, null, $3, $4, '{}', $5) as kept", values)).rows[0].kept;
}

/** renew() at that moment, with a lease of 90 s. */
export async function renew(client: pg.Client, row: BackupRow, now: Date): Promise<boolean> {
  return (await client.query("select paliad.renew($1, $2, null, '90 s', $3) as held", [row.id, row.lease, now])).rows[0].held;
}

/** ask() at that moment. */
export async function ask(client: pg.Client, nonce: string, now: Date): Promise<{ id: string; is_new: boolean }> {
  return (await client.query("select * from paliad.ask($1, null, 'anna@example.org', $2)", [nonce, now])).rows[0];
}

/**
 * `first` in an open transaction of A; then `second` in one of B, until it has either answered or waits for A; then A
 * commits, then B. The one order of events in which a missing guard shows every time.
 */
export async function interleave<F, S>(
  catalog: RaceCatalog,
  first: (a: pg.Client) => Promise<F>,
  second: (b: pg.Client) => Promise<S>,
): Promise<[F, S]> {
  const { a, b, c } = catalog;
  await a.query('begin');
  await b.query('begin');
  try {
    const fromA = await first(a);
    let isSettled = false;
    const pending = second(b).finally(() => {
      isSettled = true;
    });
    pending.catch(() => {}); // awaited below; until then nobody listens
    while (!isSettled && !(await isWaiting(c, b))) await new Promise((resolve) => setTimeout(resolve, 5));
    await a.query('commit');
    const fromB = await pending;
    await b.query('commit');
    return [fromA, fromB];
  } finally {
    await a.query('rollback');
    await b.query('rollback');
  }
}

/** Whether that session waits for a lock that another holds. */
async function isWaiting(onlooker: pg.Client, client: pg.Client): Promise<boolean> {
  const pid = 'processID' in client ? client.processID : undefined;
  const { rows } = await onlooker.query('select cardinality(pg_blocking_pids($1)) > 0 as waits', [pid]);
  return rows[0].waits;
}

/** Takes `guard` out of a function's text for the time of `work`. Throws when the text is not there: then the test proves nothing. */
export async function withoutText(
  client: pg.Client,
  signature: string,
  guard: string,
  replacement: string,
  work: () => Promise<void>,
): Promise<void> {
  const { rows } = await client.query('select pg_get_functiondef($1::regprocedure) as text', [signature]);
  const whole: string = rows[0].text;
  if (!whole.includes(guard)) throw new Error(`${signature} has no “${guard}”`);
  await client.query(whole.replaceAll(guard, replacement));
  try {
    await work();
  } finally {
    await client.query(whole);
  }
}

/** Runs `remove`, does the work on a catalog that lacks the guard, and puts it back by `restore` once the rows are gone. */
export async function without(catalog: RaceCatalog, remove: string, restore: string, work: () => Promise<void>): Promise<void> {
  await catalog.c.query(remove);
  try {
    await work();
  } finally {
    await catalog.reset();
    await catalog.c.query(restore);
  }
}
