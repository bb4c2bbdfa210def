import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { copyOut } from '#lib/postgres/copy-out.ts';
import { type Snapshot, withSnapshot } from '#lib/postgres/snapshot.ts';
import { createDatabase, type TestDatabase } from '#tests/support/postgres.ts';
import { backUpAndOpen, backUpInTest, EVERYTHING, expectNoSessions, failureOf, linesIn, rowCounts, untilBlocked } from './backing-up.ts';

let database: TestDatabase;
/** Another person's session: what must not slip in between snapshot and rows. */
let other: pg.Client;

beforeAll(async () => {
  database = await createDatabase();
  other = new pg.Client({ connectionString: database.url });
  await other.connect();
});
afterAll(async () => {
  await other.end();
  await database.drop();
});
beforeEach(async () => {
  await database.client.query(`create table a_first (id int); create table gate (id int); create table rows (id int, note text);
    insert into rows select i, 'row ' || i from generate_series(1, 1000) i`);
});
afterEach(async () => {
  await other.query('rollback');
  await expectNoSessions(database.client);
  await database.client.query('drop schema public cascade; create schema public');
});

const source = () => ({ url: database.url, applicationName: 'a backup under test' });

/** Rows of `public.rows` as COPY gives them within a snapshot. */
async function countCopied(snapshot: Snapshot): Promise<number> {
  const table = snapshot.tables.find(({ name }) => name === 'rows') ?? expect.fail('not listed');
  let count = 0;
  const sink = {
    rows: (_bytes: Buffer, _rowEnds: Uint32Array, rowCount: number) => {
      count += rowCount;
      return true;
    },
    ready: async () => {},
  };
  await copyOut(snapshot.client, table, sink);
  return count;
}

describe('between the snapshot and the rows', () => {
  it.each([
    ['truncate rows', 0],
    ['drop table rows', null],
    ['alter table rows drop column note', 1000],
    ['alter table rows alter column id type text', 1000],
    ['vacuum full rows', 1000],
  ])('%s waits until every row is in the backup', async (statement, rowsAfter) => {
    const never = new AbortController().signal;
    const { copied, change } = await withSnapshot(source(), EVERYTHING, never, async (snapshot) => {
      const change = other.query(statement);
      await untilBlocked(database.client, statement);
      return { copied: await countCopied(snapshot), change };
    });
    expect(copied).toBe(1000);
    await change; // the lock is gone with the snapshot
    const { rows } = await database.client.query("select to_regclass('public.rows') is not null as there");
    expect(rows[0].there).toBe(rowsAfter !== null);
    if (rowsAfter !== null) {
      expect((await database.client.query('select count(*)::int as n from rows')).rows[0].n).toBe(rowsAfter);
    }
  });

  it('rows that others insert, change and delete do not matter', async () => {
    const never = new AbortController().signal;
    const copied = await withSnapshot(source(), EVERYTHING, never, async (snapshot) => {
      await other.query("insert into rows select i, 'late' from generate_series(2000, 2100) i; delete from rows where id < 500");
      return countCopied(snapshot);
    });
    expect(copied).toBe(1000);
  });
});

describe('while the snapshot is being taken', () => {
  /** `change` happens after the tables were listed and before they are all locked: another session keeps `gate` until then. */
  async function backUpDuring(change: string) {
    await other.query('begin; lock table gate in access exclusive mode');
    const making = backUpAndOpen(database.url);
    making.catch(() => {}); // awaited below
    await untilBlocked(database.client, 'lock table only');
    await other.query(`${change}; commit`);
    return making;
  }

  it('a table that is created belongs to the backup', async () => {
    const made = await backUpDuring('create table late (id int); insert into late values (1), (2)');
    expect(rowCounts(made)).toEqual({ 'public.a_first': 0, 'public.gate': 0, 'public.late': 2, 'public.rows': 1000 });
    expect(await linesIn(made.reader, 'late')).toEqual(['1', '2']);
  });

  it('a table that is created is locked like the others', async () => {
    await other.query('begin; lock table gate in access exclusive mode');
    const taking = withSnapshot(source(), EVERYTHING, new AbortController().signal, async ({ client }) => {
      const { rows } = await client.query("select mode from pg_locks where relation = 'public.late'::regclass and pid = pg_backend_pid()");
      return rows;
    });
    await untilBlocked(database.client, 'lock table only');
    await other.query('create table late (id int); commit');
    expect(await taking).toEqual([{ mode: 'AccessShareLock' }]);
  });

  it('a table that is dropped does not, and the rest is whole', async () => {
    const made = await backUpDuring('drop table rows');
    expect(rowCounts(made)).toEqual({ 'public.a_first': 0, 'public.gate': 0 });
  });

  it('a schema that is dropped does not, and the rest is whole', async () => {
    await database.client.query('create schema zone; create table zone.one (id int)');
    const made = await backUpDuring('drop schema zone cascade');
    expect(rowCounts(made)).toEqual({ 'public.a_first': 0, 'public.gate': 0, 'public.rows': 1000 });
  });

  it('a table that is replaced is there once, with its new rows and columns', async () => {
    const made = await backUpDuring(
      'drop table rows; create table rows (id int, note text, more int); insert into rows values (7, null, 8)',
    );
    expect(await linesIn(made.reader, 'rows')).toEqual(['7\t\\N\t8']);
    expect(made.reader.table('rows').columns.map(({ name }) => name)).toEqual(['id', 'note', 'more']);
  });

  it('tables that are changed without end make it fail by name, not go on for ever', async () => {
    let isEnded = false;
    const making = failureOf(backUpInTest(database.url)).finally(() => (isEnded = true));
    for (let n = 0; !isEnded && n < 20; n++) {
      await other.query(`begin; lock table gate in access exclusive mode`);
      await expect.poll(async () => isEnded || (await waitsForGate()), { timeout: 10_000, interval: 5 }).toBe(true);
      await other.query(`create table new_${n} (id int); commit`);
    }
    expect(await making).toMatchObject({ code: 'SCHEMA_CHANGING', isRetryable: true });
  });

  async function waitsForGate(): Promise<boolean> {
    const { rows } = await database.client.query(
      "select exists (select from pg_stat_activity where query like 'lock table only%' and wait_event_type = 'Lock' and datname = current_database()) as it",
    );
    return rows[0].it;
  }
});

describe('when everything has been read', () => {
  it('no lock is held and no session is left while the store still takes its time', async () => {
    const made = await backUpInTest(database.url, {
      atEnd: async () => {
        await expectNoSessions(database.client);
        await other.query('truncate rows'); // it would wait for a lock
      },
    });
    expect(rowCounts(made)).toMatchObject({ 'public.rows': 1000 });
  });

  it('the loss of the session is no error: nothing is thrown away that is whole', async () => {
    const copied = await withSnapshot(source(), EVERYTHING, new AbortController().signal, async (snapshot) => {
      const count = await countCopied(snapshot);
      const { rows } = await snapshot.client.query('select pg_backend_pid() as pid');
      await database.client.query('select pg_terminate_backend($1, 5000)', [rows[0].pid]);
      await snapshot.end();
      return count;
    });
    expect(copied).toBe(1000);
  });
});

describe('a table that stays locked', () => {
  it('fails the backup by its name and the session that holds it, and leaves no lock behind', async () => {
    const { rows } = await other.query('select pg_backend_pid() as pid');
    await other.query('begin; lock table gate in access exclusive mode');
    const failure = await failureOf(backUpInTest(database.url, { lockTimeoutMs: 300 }));
    expect(failure).toMatchObject({
      code: 'TABLE_LOCKED',
      isRetryable: true,
      detail: `Waited 0.3 s for: public.gate (session ${rows[0].pid} of the server).`,
    });
    await expectNoSessions(database.client);
    const locks = await database.client.query("select count(*)::int as n from pg_locks where relation = 'public.rows'::regclass");
    expect(locks.rows).toEqual([{ n: 0 }]);
  });

  it('is waited for until an abort, which the server notices within a second', async () => {
    await other.query('begin; lock table gate in access exclusive mode');
    const stop = new AbortController();
    const failing = failureOf(backUpInTest(database.url, { signal: stop.signal }));
    await untilBlocked(database.client, 'lock table only');
    stop.abort(new Error('enough'));
    expect(await failing).toBe(stop.signal.reason);
    await expectNoSessions(database.client);
  });

  it('for a moment is waited for', async () => {
    await other.query('begin; lock table gate in access exclusive mode');
    const making = backUpInTest(database.url);
    await untilBlocked(database.client, 'lock table only');
    await other.query('commit');
    expect(rowCounts(await making)).toMatchObject({ 'public.rows': 1000 });
  });

  it('whose change waits for the snapshot, while pg_dump waits behind that change, ends the backup by name: no circle', async () => {
    let change: Promise<unknown> = Promise.resolve();
    const failure = await failureOf(
      backUpInTest(database.url, {
        lockTimeoutMs: 1500,
        // Said when the snapshot stands and pg_dump has yet to start.
        onProgress: ({ phase, tablesDone, table }) => {
          if (phase === 'rows' && tablesDone === 0 && table === null) change = other.query('truncate rows');
        },
      }),
    );
    const { rows } = await database.client.query('select pid from pg_stat_activity where query = $1', ['truncate rows']);
    expect(failure).toMatchObject({
      code: 'TABLE_LOCKED',
      isRetryable: true,
      detail: `Waited 1.5 s for: public.rows (session ${rows[0].pid} of the server).`,
    });
    await change; // it goes through when the backup has given way
  });
});
