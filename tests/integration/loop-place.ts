import { createHash, randomUUID } from 'node:crypto';
import { connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import { ask, claim, settingsForRunner } from '#lib/catalog/write.ts';
import { openPool } from '#lib/postgres/connect.ts';
import { run } from '#lib/runner/run.ts';
import type { Workplace } from '#lib/runner/workplace.ts';
import { memoryStore } from '#lib/store/memory/memory-store.ts';
import type { ArtifactStore } from '#lib/store/store.ts';
import type { TestDatabase } from '#tests/support/postgres.ts';
import { newFolder } from './backing-up.ts';

/** A row of the catalog, as far as these tests look. */
export type Row = {
  id: string;
  status: string;
  attempt: number;
  lease: string | null;
  error: string | null;
  warnings: string[];
  storage_uri: string | null;
  sha256: string | null;
  size_bytes: string | null;
};

/** A workplace on a catalog that is its own source, with a store in memory: everything that `run` needs, without an environment. */
export async function openPlace(database: TestDatabase, change: Partial<Workplace> & { catalogUrl?: string } = {}): Promise<Workplace> {
  const catalog = openPool({ url: change.catalogUrl ?? database.url, applicationName: 'a catalog under test' });
  onTestFinished(() => catalog.end());
  return {
    catalog,
    source: { url: database.url, applicationName: 'a backup under test' },
    store: memoryStore(),
    runner: 'a test',
    temporaryFolder: await newFolder(),
    ...change,
  };
}

/** An environment in which a loop starts; what it works with is not taken from it (`globalThis.backupModeWorkplace`). */
export const LOOP_ENVIRONMENT = {
  SUPABASE_URL: 'http://127.0.0.1:1',
  SUPABASE_PUBLISHABLE_KEY: 'none',
  SUPABASE_SECRET_KEY: 'none',
  DATABASE_URL: 'postgres://127.0.0.1:1/none',
};

/** Asks for a backup and works on it once, as the loop does. Gives the row as it stands then. */
export async function askAndWork(database: TestDatabase, place: Workplace): Promise<Row> {
  const direct = openPool({ url: database.url, applicationName: 'asks' });
  const { backupId } = await ask(direct, randomUUID(), { id: randomUUID(), email: 'anna@example.org' });
  const settings = await settingsForRunner(direct);
  await direct.end();
  const wish = (await claim(place.catalog, place.runner, settings.leaseSeconds)) ?? expect.fail('another one is at work');
  await run(place, wish, settings, new AbortController().signal);
  return rowOf(database, backupId);
}

/** The row of a backup. */
export async function rowOf(database: TestDatabase, id: string): Promise<Row> {
  return (await database.client.query<Row>('select * from paliad.backups where id = $1', [id])).rows[0];
}

/** The id of the backup that somebody works on. */
export async function runningId(database: TestDatabase): Promise<string | undefined> {
  return (await database.client.query('select id from paliad.backups where lease is not null')).rows[0]?.id;
}

/** sha256 of all bytes of an artifact, 64 hex digits. */
export async function sha256Of(store: ArtifactStore, uri: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of await store.open(uri)) hash.update(bytes);
  return hash.digest('hex');
}

/** A store that waits for `pause` in the middle of a put, before this byte is kept. */
export function pausingStore(atByte: number, pause: () => Promise<unknown>): ArtifactStore {
  const store = memoryStore();
  const put = store.put.bind(store);
  return Object.assign(store, {
    put: (key: string, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal) => put(key, paused(bytes, atByte, pause), signal),
  });
}

async function* paused(bytes: AsyncIterable<Uint8Array>, atByte: number, pause: () => Promise<unknown>): AsyncGenerator<Uint8Array> {
  let count = 0;
  for await (const chunk of bytes) {
    if (count <= atByte && atByte < count + chunk.length) await pause();
    count += chunk.length;
    yield chunk;
  }
}

/** A way to a database that can be cut. */
export type Way = {
  readonly url: string;
  /** From now on: nobody gets through, and who was through is cut off. */
  cut(): void;
  mend(): void;
  /** From now on nothing comes through, and nobody is told: a link that broke without a word. */
  hush(): void;
  /** The answer to the next statement that holds these words, and everything after it, is lost; the server has carried it out. */
  loseAnswerTo(words: string): void;
};

/** Puts a way of our own between a client and the server, as a network is. */
export async function openWay(url: string): Promise<Way> {
  const target = new URL(url);
  const open = new Set<Socket>();
  let isCut = false;
  let isHushed = false;
  let lost = '';
  const server = createServer((client) => {
    if (isCut) return client.destroy();
    if (isHushed) return void open.add(client.pause().on('error', () => {}));
    const upstream = connect(Number(target.port), target.hostname);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ]) {
      open.add(from);
      from.on('error', () => {}).on('close', () => to.destroy());
    }
    let isArmed = false;
    client.on('data', (bytes: Buffer) => {
      if (lost !== '' && bytes.includes(lost)) isArmed = true;
      if (isArmed && bytes.includes('commit')) {
        lost = '';
        upstream.removeAllListeners('data');
        upstream.on('data', () => client.destroy());
      }
      upstream.write(bytes);
    });
    upstream.on('data', (bytes: Buffer) => client.write(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const cutAll = () => {
    for (const socket of open) socket.destroy();
  };
  onTestFinished(() => {
    cutAll();
    server.close();
  });
  return {
    url: Object.assign(new URL(url), { port: String(port) }).href,
    cut() {
      isCut = true;
      cutAll();
    },
    mend() {
      isCut = false;
    },
    hush() {
      isHushed = true;
      for (const socket of open) socket.pause();
    },
    loseAnswerTo(words) {
      lost = words;
    },
  };
}
