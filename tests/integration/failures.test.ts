import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BACKUP_ERRORS } from '#lib/backup/errors.ts';
import { freePort } from '#lib/postgres/server.ts';
import { backUpToFile } from '#lib/runner/back-up-file.ts';
import { openStore } from '#lib/store/open.ts';
import { mountingIsImpossible, newDisk } from '#tests/contract/folders.ts';
import { createDatabase, type TestDatabase } from '#tests/support/postgres.ts';
import {
  backUpAndOpen,
  backUpInTest,
  type Choice,
  createBulk,
  EVERYTHING,
  expectNoSessions,
  failureOf,
  newFolder,
  rowCounts,
} from './backing-up.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
  await database.client.query(`create table first (id int); insert into first values (1);
    create schema shut; create table shut.inside (id int); create sequence shut.numbers;
    create table hidden (id int); insert into hidden values (1), (2); alter table hidden enable row level security;
    create policy one on hidden using (id = 1);
    create table parted (id int) partition by list (id); create table parted_1 partition of parted for values in (1);
    create sequence counter;
    create role failing_plain login password 'plain'; create role failing_owner login password 'owner';
    create role failing_short login password 'short' bypassrls; grant pg_read_all_data to failing_short;
    alter role failing_short set statement_timeout = '1s'; alter role failing_short set idle_in_transaction_session_timeout = '1s';
    alter role failing_short set lock_timeout = '1s'; alter role failing_short set transaction_timeout = '1s'`);
});
afterEach(() => expectNoSessions(database.client));
afterAll(async () => {
  await database.client.query(
    'drop owned by failing_owner, failing_plain, failing_short cascade; drop role failing_owner, failing_plain, failing_short',
  );
  await database.drop();
});

/** The database's address with parts of it replaced. */
function address(change: Partial<Pick<URL, 'username' | 'password' | 'port' | 'pathname' | 'hostname'>>): string {
  return Object.assign(new URL(database.url), change).href;
}

/** A store that must never be asked: fails the test when the first byte comes. */
const untouched: Choice = { at: { byte: 0, pause: () => expect.fail('a byte was written') } };

describe('a database that cannot be reached or entered', () => {
  const cases: [string, () => string | Promise<string>, object][] = [
    [
      'a wrong password',
      () => address({ password: 'wrong' }),
      { code: 'SOURCE_AUTH_FAILED', detail: /user “postgres”.*password authentication failed/ },
    ],
    ['no password', () => address({ password: '' }), { code: 'SOURCE_AUTH_FAILED', detail: /user “postgres”/ }],
    ['an unknown user', () => address({ username: 'nobody_at_all' }), { code: 'SOURCE_AUTH_FAILED', detail: /user “nobody_at_all”/ }],
    ['an unknown database', () => address({ pathname: '/absent' }), { code: 'SOURCE_NOT_FOUND', detail: /database “absent”/ }],
    [
      'a port where nobody listens',
      async () => address({ port: String(await freePort()) }),
      { code: 'SOURCE_UNREACHABLE', detail: /127\.0\.0\.1:\d+.*ECONNREFUSED/ },
    ],
    ['an unknown host', () => address({ hostname: 'nowhere.invalid' }), { code: 'SOURCE_UNREACHABLE', detail: /nowhere\.invalid/ }],
    [
      'a transaction pooler',
      () => address({ port: '6543' }),
      { code: 'SOURCE_IS_POOLER', detail: /use 127\.0\.0\.1:5432 with the same user/ },
    ],
    ['TLS that the server lacks', () => `${database.url}?sslmode=require`, { code: 'SOURCE_UNREACHABLE', detail: /does not support SSL/ }],
    [
      'a certificate that is not there',
      () => `${database.url}?sslmode=verify-full&sslrootcert=/absent.pem`,
      { code: 'SOURCE_URL_INVALID', detail: /certificate/ },
    ],
    ['words instead of an address', () => 'the big database', { code: 'SOURCE_URL_INVALID' }],
    ['an address of another kind', () => 'mysql://u:p@h/d', { code: 'SOURCE_URL_INVALID' }],
    ['a password that is no percent-encoded text', () => 'postgres://u:b%E4r@127.0.0.1:5432/d', { code: 'SOURCE_URL_INVALID' }],
  ];
  it.each(cases)(
    '%s is said in words, without the password',
    async (_, urlOf, { code, detail = /^/ }: { code?: string; detail?: RegExp }) => {
      const url = await urlOf();
      const failure = await failureOf(backUpInTest(url, untouched));
      expect(failure).toMatchObject({ name: 'BackupError', code, detail: expect.stringMatching(detail) });
      expect(String(failure)).not.toMatch(/wrong|test@|b%E4r/);
    },
  );

  it('an abort ends the wait for a server that does not answer', async () => {
    const silent = (await import('node:net')).createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const bound = silent.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('no patience')), 100);
    const startedAt = performance.now();
    expect(await failureOf(backUpInTest(`postgres://u:p@127.0.0.1:${port}/d`, { signal: stop.signal }))).toBe(stop.signal.reason);
    expect(performance.now() - startedAt).toBeLessThan(1000);
    silent.close();
  });
});

describe('what a user may not read', () => {
  it('is named, all of it at once, before the first byte', async () => {
    await database.client.query('grant select on first, parted_1 to failing_plain; alter table shut.inside owner to failing_owner');
    expect(await failureOf(backUpInTest(address({ username: 'failing_plain', password: 'plain' }), untouched))).toMatchObject({
      code: 'TABLE_NOT_READABLE',
      detail: 'Tables: public.parted, public.hidden, shut.inside. Sequences: public.counter, shut.numbers.',
      isRetryable: false,
    });
  });

  it('is named also when only the schema is shut, and also when its rows are to be left out: its definition is not', async () => {
    await database.client.query(
      'grant select on all tables in schema public, shut to failing_plain; grant select on all sequences in schema public, shut to failing_plain',
    );
    const coverage = { ...EVERYTHING, schemas: ['shut'], excludedData: ['shut.inside'] };
    expect(
      await failureOf(backUpInTest(address({ username: 'failing_plain', password: 'plain' }), { ...untouched, coverage })),
    ).toMatchObject({
      code: 'TABLE_NOT_READABLE',
      detail: 'Tables: shut.inside. Sequences: shut.numbers.',
    });
  });

  it('and rows that a policy hides: named, and no part of them is kept', async () => {
    await database.client.query('grant usage on schema shut to failing_plain');
    expect(await failureOf(backUpInTest(address({ username: 'failing_plain', password: 'plain' }), untouched))).toMatchObject({
      code: 'ROWS_HIDDEN',
      detail: 'Tables: public.hidden.',
      isRetryable: false,
    });
  });

  it('rows that FORCE ROW LEVEL SECURITY hides from their own owner are no exception', async () => {
    await database.client.query(`alter table hidden owner to failing_owner; grant select on first, parted, parted_1, counter to failing_owner;
      alter schema shut owner to failing_owner; grant select on shut.numbers to failing_owner`);
    const url = address({ username: 'failing_owner', password: 'owner' });
    expect(rowCounts(await backUpInTest(url))).toMatchObject({ 'public.hidden': 2 });
    await database.client.query('alter table hidden force row level security');
    expect(await failureOf(backUpInTest(url, untouched))).toMatchObject({ code: 'ROWS_HIDDEN', detail: 'Tables: public.hidden.' });
    expect(rowCounts(await backUpInTest(url, { coverage: { ...EVERYTHING, excludedData: ['public.hidden'] } }))).toMatchObject({
      'public.first': 1,
      'public.hidden': null,
    });
  });

  it('every timeout that a role brings along is off: a slow store and a pause at the end leave it whole', async () => {
    await createBulk(database.client, 150_000);
    const pause = () => new Promise((resolve) => setTimeout(resolve, 2000));
    const made = await backUpInTest(address({ username: 'failing_short', password: 'short' }), {
      cellLimit: 1000,
      at: { byte: 1_000_000, pause },
      atEnd: pause,
    });
    expect(rowCounts(made)).toMatchObject({ 'public.bulk': 150_000, 'public.hidden': 2, 'public.first': 1 });
    await database.client.query('drop table bulk');
  });
});

describe('what is asked for and is not there', () => {
  it.each([
    [{ schemas: ['public', 'Public', 'gone'] }, 'SCHEMA_NOT_FOUND', 'Missing: Public, gone. There are: public, shut.'],
    [
      { excludedData: ['public.first', 'public.frist'] },
      'TABLE_NOT_FOUND',
      'To be left out, but not among the covered tables: public.frist.',
    ],
    [
      { schemas: ['shut'], excludedData: ['public.first'] },
      'TABLE_NOT_FOUND',
      'To be left out, but not among the covered tables: public.first.',
    ],
  ])('%o fails by name before the first byte', async (coverage, code, detail) => {
    const failure = await failureOf(backUpInTest(database.url, { ...untouched, coverage: { ...EVERYTHING, ...coverage } }));
    expect(failure).toMatchObject({ code, detail, isRetryable: false });
  });

  it('an empty database makes a valid backup that says so', async () => {
    const empty = await createDatabase();
    const { manifest, reader } = await backUpAndOpen(empty.url);
    expect(manifest.tables).toEqual([]);
    expect(reader.manifest.source.database).toBe(new URL(empty.url).pathname.slice(1));
    await empty.drop();
  });
});

describe('a place for backups that does not take it', () => {
  it('that is not there is said in words', async () => {
    const store = await openStore(pathToFileURL(join(await newFolder(), 'absent')).href);
    expect(await failureOf(backUpInTest(database.url, { store }))).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      detail: expect.stringContaining('absent is not there'),
    });
  });

  it('nor is a temporary folder that is not there', async () => {
    const folder = await newFolder();
    expect(await failureOf(backUpInTest(database.url, { temporaryFolder: join(folder, 'absent') }))).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      detail: `The temporary folder ${folder}/absent: ENOENT.`,
    });
  });

  describe.skipIf(mountingIsImpossible() !== null)('that runs full', () => {
    beforeAll(() => createBulk(database.client, 60_000));

    it('while the file is written: words, and nothing of it is left', async () => {
      const disk = await newDisk(2 << 20);
      const request = { databaseUrl: database.url, coverage: EVERYTHING, cellLimit: 1000, onProgress: () => {} };
      const failure = await failureOf(backUpToFile({ ...request, out: join(disk, 'out.xlsx') }, new AbortController().signal));
      expect(failure).toMatchObject({ code: 'STORE_FULL', detail: expect.stringContaining(disk), hint: BACKUP_ERRORS.STORE_FULL.hint });
      expect(await readdir(disk)).toEqual([]);
    });

    it('while a sheet waits in the temporary folder: words, and nothing of it is left', async () => {
      const disk = await newDisk(2 << 20);
      expect(await failureOf(backUpInTest(database.url, { temporaryFolder: disk, cellLimit: 3_000_000 }))).toMatchObject({
        code: 'STORE_FULL',
        detail: `There is no room for a sheet in the temporary folder ${disk}.`,
      });
    });
  });
});
