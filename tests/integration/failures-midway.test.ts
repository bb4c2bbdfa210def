import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BackupError } from '#lib/backup/errors.ts';
import { startPostgres } from '#lib/postgres/server.ts';
import { faultyStore } from '#lib/store/faulty/faulty-store.ts';
import { memoryStore } from '#lib/store/memory/memory-store.ts';
import type { ArtifactStore } from '#lib/store/store.ts';
import { createDatabase, createDatabaseOn, type TestDatabase, withClient } from '#tests/support/postgres.ts';
import { THROWAWAY_SETTINGS } from '#tests/support/throwaway.ts';
import {
  backUpInTest,
  type Choice,
  createBulk,
  EVERYTHING,
  expectNoSessions,
  failureOf,
  newFolder,
  sessionsOf,
  untilBlocked,
} from './backing-up.ts';

/** About 66 MB of COPY text: far more than lies between a server and a store that pauses. */
const BULK_ROWS = 200_000;
const SOON_MS = 1000;

let database: TestDatabase;
let store: ArtifactStore;

beforeAll(async () => {
  database = await createDatabase();
  await createBulk(database.client, BULK_ROWS);
});
afterEach(async () => {
  await expectNoSessions(database.client, SOON_MS);
  expect(await Array.fromAsync(store.list(''))).toEqual([]);
});
afterAll(() => database.drop());

/** Backs up; when the rows are under way and the store has paused, `act` happens. */
function backUpWith(act: () => Promise<unknown>, more: { signal?: AbortSignal; store?: ArtifactStore; url?: string } = {}) {
  store = more.store ?? memoryStore();
  return failureOf(
    backUpInTest(more.url ?? database.url, { store, cellLimit: 1000, at: { byte: 1_000_000, pause: act }, signal: more.signal }),
  );
}

async function terminate(isOne: (query: string) => boolean): Promise<void> {
  const session = (await sessionsOf(database.client)).find(({ query }) => isOne(query)) ?? expect.fail('no such session');
  await database.client.query('select pg_terminate_backend($1, 5000)', [session.pid]);
}

const isCopy = (query: string) => query.startsWith('copy ');

describe('in the middle of the rows', () => {
  it('the server ends the session: the backup fails as a lost connection, to be tried again', async () => {
    const failure = await backUpWith(async () => {
      expect((await sessionsOf(database.client)).find(({ query }) => isCopy(query))?.state).toBe('active');
      await terminate(isCopy);
    });
    expect(failure).toMatchObject({ code: 'SOURCE_CONNECTION_LOST', detail: 'Table public.bulk', isRetryable: true });
  });

  it('the server cancels the statement: the table is named', async () => {
    const failure = await backUpWith(async () => {
      const session = (await sessionsOf(database.client)).find(({ query }) => isCopy(query));
      await database.client.query('select pg_cancel_backend($1)', [session?.pid]);
    });
    expect(failure).toMatchObject({ code: 'QUERY_FAILED', detail: expect.stringContaining('public.bulk'), isRetryable: true });
  });

  it('an abort stops the statement on the server within a second, and its reason is what is thrown', async () => {
    const stop = new AbortController();
    let abortedAt = 0;
    const failure = await backUpWith(
      async () => {
        abortedAt = performance.now();
        stop.abort(new Error('enough'));
      },
      { signal: stop.signal },
    );
    expect(failure).toBe(stop.signal.reason);
    await expectNoSessions(database.client, SOON_MS);
    expect(performance.now() - abortedAt).toBeLessThan(SOON_MS);
  });

  it('the whole server stops: that is said, and the backup is tried again', { timeout: 60_000 }, async () => {
    const folder = await newFolder();
    const server = await startPostgres({
      dataFolder: join(folder, 'pg'),
      logFile: join(folder, 'log'),
      password: 'test',
      settings: THROWAWAY_SETTINGS,
    });
    const elsewhere = await createDatabaseOn(server.url);
    await createBulk(elsewhere.client, BULK_ROWS);
    const failure = await backUpWith(() => server.stop(), { url: elsewhere.url });
    // Unreachable: pg_dump was just about to open its second session.
    expect(failure).toMatchObject({ code: expect.stringMatching(/^SOURCE_(CONNECTION_LOST|UNREACHABLE)$/), isRetryable: true });
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([0, 1, 200_000, 2_000_000])('the store breaks off at byte %i: its error, no hang, nothing kept', async (atByte) => {
    const broken = faultyStore(memoryStore(), [{ on: 'put', how: 'cut', atByte, code: 'STORE_UNAVAILABLE' }]);
    const failure = await backUpWith(async () => {}, { store: broken });
    expect(failure).toMatchObject({ code: 'STORE_UNAVAILABLE', detail: `Planned fault on put: cut at byte ${atByte}.` });
  });

  it('the store stops reading and tells why only later: that is what is told', async () => {
    const slow: ArtifactStore = Object.assign(memoryStore(), {
      async put(_key: string, bytes: AsyncIterable<Uint8Array>) {
        let count = 0;
        for await (const chunk of bytes) {
          count += chunk.length;
          if (count > 1_000_000) break;
        }
        await new Promise((resolve) => setTimeout(resolve, 300));
        throw new BackupError('STORE_FULL', 'after tidying up');
      },
    });
    expect(await backUpWith(async () => {}, { store: slow })).toMatchObject({ code: 'STORE_FULL', detail: 'after tidying up' });
  });

  it('the store refuses: its error before a row has left the server', async () => {
    const failure = await backUpWith(() => expect.fail('rows came'), { store: faultyStore(memoryStore(), [{ on: 'put', how: 'refuse' }]) });
    expect(failure).toMatchObject({ code: 'STORE_UNAVAILABLE', detail: 'Planned fault on put: refused.' });
  });

  it('the server goes silent without a word: the backup fails as a lost connection after a while', async () => {
    let frozen = 0;
    const freeze = async () => {
      frozen = (await sessionsOf(database.client)).find(({ query }) => isCopy(query))?.pid ?? expect.fail('no COPY');
      process.kill(frozen, 'SIGSTOP');
    };
    store = memoryStore();
    const failure = await failureOf(
      backUpInTest(database.url, { store, cellLimit: 1000, at: { byte: 1_000_000, pause: freeze }, silenceMs: 300 }),
    ).finally(() => process.kill(frozen, 'SIGCONT'));
    expect(failure).toMatchObject({
      code: 'SOURCE_CONNECTION_LOST',
      detail: 'Table public.bulk: it sent nothing for 0.3 s.',
      isRetryable: true,
    });
  });

  it('a store that is slow is no silence of the server', async () => {
    store = memoryStore();
    const pause = () => new Promise((resolve) => setTimeout(resolve, 1500));
    const made = await backUpInTest(database.url, { store, cellLimit: 1000, at: { byte: 1_000_000, pause }, silenceMs: 500 });
    expect(made.manifest.tables.find(({ name }) => name === 'bulk')?.rows).toBe(BULK_ROWS);
    await store.delete(made.artifact.uri);
  });

  it('the store breaks while the server has gone silent: the error comes at once, not when the next row does', async () => {
    let frozen = 0;
    let frozenAt = 0;
    const freezing: ArtifactStore = Object.assign(memoryStore(), {
      async put(_key: string, bytes: AsyncIterable<Uint8Array>) {
        const iterator = bytes[Symbol.asyncIterator]();
        for (let count = 0; frozen === 0; count += (await iterator.next()).value.length) {
          if (count < 1_000_000) continue;
          frozen = (await sessionsOf(database.client)).find(({ query }) => isCopy(query))?.pid ?? expect.fail('no COPY');
          process.kill(frozen, 'SIGSTOP');
        }
        const silence = () => new Promise((resolve) => setTimeout(resolve, 500, 'silence'));
        while ((await Promise.race([iterator.next(), silence()])) !== 'silence');
        frozenAt = performance.now();
        throw new BackupError('STORE_FULL', 'unplugged');
      },
    });
    store = freezing;
    const failure = await failureOf(backUpInTest(database.url, { store: freezing, cellLimit: 1000 })).finally(() =>
      process.kill(frozen, 'SIGCONT'),
    );
    expect(failure).toMatchObject({ code: 'STORE_FULL', detail: 'unplugged' });
    expect(performance.now() - frozenAt).toBeLessThan(SOON_MS);
  });
});

describe('while pg_dump reads the definitions', () => {
  // pg_dump asks for the lock of a table whose rows are left out; nobody else does. So it can be made to wait there.
  const coverage = { ...EVERYTHING, excludedData: ['public.shut'] };
  const isDump = (query: string) => /lock table/i.test(query);

  async function backUpWithDumpStuck(act: () => Promise<unknown>, more: Choice = {}) {
    await database.client.query('create table if not exists shut (id int)');
    return withClient(database.url, async (other) => {
      await other.query('begin; lock table shut in access exclusive mode');
      store = memoryStore();
      const failing = failureOf(backUpInTest(database.url, { store, cellLimit: 1000, coverage, ...more }));
      await untilBlocked(database.client, 'lock table');
      await act();
      return failing;
    });
  }

  it('the server ends its session: the backup fails as a lost connection, and the rows end too', async () => {
    expect(await backUpWithDumpStuck(() => terminate(isDump))).toMatchObject({
      code: 'SOURCE_CONNECTION_LOST',
      detail: 'While the table definitions were read.',
      isRetryable: true,
    });
  });

  it('an abort ends it within a second though it waits for a lock', async () => {
    const stop = new AbortController();
    const failure = await backUpWithDumpStuck(
      async () => {
        stop.abort(new Error('enough'));
        await expectNoSessions(database.client, SOON_MS);
      },
      { signal: stop.signal },
    );
    expect(failure).toBe(stop.signal.reason);
  });

  it('a failure among the rows ends it, too', async () => {
    let goOn: () => void = () => {};
    const pause = () =>
      new Promise<void>((resolve) => {
        goOn = resolve;
      });
    const failure = await backUpWithDumpStuck(
      async () => {
        await terminate(isCopy);
        goOn();
      },
      { at: { byte: 1_000_000, pause } },
    );
    expect(failure).toMatchObject({ code: 'SOURCE_CONNECTION_LOST', detail: expect.stringMatching(/^Table public.bulk$|definitions/) });
  });

  it('the end of the session that holds the snapshot ends it at once, also after the last row', async () => {
    let endedAt = 0;
    const failure = await backUpWithDumpStuck(async () => {
      const idle = async () =>
        (await sessionsOf(database.client)).some(({ query, state }) => isCopy(query) && state === 'idle in transaction');
      await expect.poll(idle, { timeout: 10_000 }).toBe(true);
      await terminate(isCopy);
      endedAt = performance.now();
    });
    expect(failure).toMatchObject({ code: 'SOURCE_CONNECTION_LOST', isRetryable: true });
    expect(performance.now() - endedAt).toBeLessThan(SOON_MS);
  });
});
