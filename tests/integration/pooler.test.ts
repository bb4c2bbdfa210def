import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openSession } from '#lib/postgres/connect.ts';
import { copyOut } from '#lib/postgres/copy-out.ts';
import { withSnapshot } from '#lib/postgres/snapshot.ts';
import { type Pooler, startPooler } from '#tests/support/pooler.ts';
import { createDatabase, type TestDatabase } from '#tests/support/postgres.ts';
import { backUpInTest, EVERYTHING, failureOf } from './backing-up.ts';

const never = new AbortController().signal;
let database: TestDatabase;
let pooler: Pooler;

beforeAll(async () => {
  database = await createDatabase();
  await database.client.query(`create table moments (at timestamptz, day date, gap interval);
    insert into moments values ('2026-11-24 12:00:00+00', '2026-11-24', '1 day 02:03:04');
    do $$ begin execute format('alter database %I set timezone = ''Asia/Tokyo''', current_database());
      execute format('alter database %I set datestyle = ''German''', current_database());
      execute format('alter database %I set intervalstyle = ''iso_8601''', current_database()); end $$`);
});
afterEach(() => pooler.stop());
afterAll(() => database.drop());

describe('a pooler in transaction mode on any port', () => {
  it('is refused by name when it gives statements to several sessions of the server', async () => {
    pooler = await startPooler(database.url, () => true);
    expect(await failureOf(backUpInTest(pooler.url))).toMatchObject({ code: 'SOURCE_IS_POOLER', isRetryable: false });
    expect(await failureOf(openSession({ url: pooler.url, applicationName: 'x' }, never))).toMatchObject({ code: 'SOURCE_IS_POOLER' });
  });

  it('that changes the session only for the snapshot’s transaction changes nothing of the rows: they are pinned in it, too', async () => {
    pooler = await startPooler(database.url, (sql) => sql.includes('begin isolation level'));
    let text = '';
    await withSnapshot({ url: pooler.url, applicationName: 'x' }, EVERYTHING, never, async (snapshot) => {
      const rows = (bytes: Buffer): boolean => {
        text += bytes.toString();
        return true;
      };
      await copyOut(snapshot.client, snapshot.tables[0], { rows, ready: async () => {} });
    });
    expect(text).toBe('2026-11-24 12:00:00+00\t2026-11-24\t1 day 02:03:04\n');
  });
});
