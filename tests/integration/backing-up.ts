import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { expect, onTestFinished } from 'vitest';
import type { Coverage } from '#lib/backup/coverage.ts';
import { type BackUpRequest, backUp, type MadeBackup } from '#lib/runner/back-up.ts';
import { openStored } from '#lib/runner/describe.ts';
import { memoryStore } from '#lib/store/memory/memory-store.ts';
import type { ArtifactStore } from '#lib/store/store.ts';
import type { BackupReader } from '#lib/workbook/read.ts';

/** The name under which the tests' backups show in pg_stat_activity. */
const APPLICATION = 'a backup under test';

/** Every schema, every row. */
export const EVERYTHING: Coverage = { schemas: null, excludedSchemas: [], excludedData: [] };

/** What a test may choose of a backup. */
export type Choice = Partial<
  Pick<BackUpRequest, 'coverage' | 'cellLimit' | 'temporaryFolder' | 'onProgress' | 'lockTimeoutMs' | 'silenceMs'>
> & {
  readonly store?: ArtifactStore;
  readonly signal?: AbortSignal;
  /** Awaited before the byte with this number goes to the store: the rows behind it wait, too. */
  readonly at?: { readonly byte: number; readonly pause: () => Promise<unknown> };
  /** Awaited when the last byte has come. */
  readonly atEnd?: () => Promise<unknown>;
};

/** Backs up into a store in memory, or another one, under the key `made.xlsx`. Nothing temporary may be left when it has ended, however. */
export async function backUpInTest(url: string, choice: Choice = {}): Promise<MadeBackup> {
  const store = choice.store ?? memoryStore();
  const signal = choice.signal ?? new AbortController().signal;
  const temporaryFolder = choice.temporaryFolder ?? (await newFolder());
  try {
    return await backUp(
      {
        source: { url, applicationName: APPLICATION },
        coverage: choice.coverage ?? EVERYTHING,
        cellLimit: choice.cellLimit ?? 100_000,
        organisation: 'Probe',
        requestedBy: 'a test',
        temporaryFolder,
        publish: (bytes, stop) => store.put('made.xlsx', paused(bytes, choice), stop),
        onProgress: choice.onProgress ?? (() => {}),
        lockTimeoutMs: choice.lockTimeoutMs,
        silenceMs: choice.silenceMs,
      },
      signal,
    );
  } finally {
    expect(await readdir(temporaryFolder).catch(() => 'not there')).toBeOneOf([[], 'not there']);
  }
}

/** Backs up and opens what came out. */
export async function backUpAndOpen(url: string, choice: Choice = {}): Promise<MadeBackup & { reader: BackupReader }> {
  const store = choice.store ?? memoryStore();
  const made = await backUpInTest(url, { ...choice, store });
  return { ...made, reader: await openStored(store, made.artifact.uri) };
}

async function* paused(bytes: AsyncIterable<Uint8Array>, { at, atEnd }: Choice): AsyncGenerator<Uint8Array> {
  let count = 0;
  for await (const chunk of bytes) {
    if (at !== undefined && count <= at.byte && at.byte < count + chunk.length) await at.pause();
    count += chunk.length;
    yield chunk;
  }
  await atEnd?.();
}

/** A new empty folder, removed when the test ends. */
export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'paliad-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The rows of a table in a backup, as lines of COPY text, sorted. */
export async function linesIn(reader: BackupReader, table: string): Promise<string[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of reader.rows(reader.table(table))) chunks.push(chunk);
  return lines(Buffer.concat(chunks).toString());
}

/** The rows of a table in a database, the same way. `what` may name columns. */
export async function linesOf(client: pg.Client, what: string): Promise<string[]> {
  return lines(await text(client.query(copyTo(`copy ${what} to stdout`))));
}

function lines(copyText: string): string[] {
  return copyText.split('\n').slice(0, -1).sort();
}

/** Rows by `schema.table`, as the manifest counts them; null: left out. */
export function rowCounts({ manifest }: MadeBackup): Record<string, number | null> {
  return Object.fromEntries(
    manifest.tables.map((table) => [`${table.schema}.${table.name}`, table.dataLeftOut === null ? table.rows : null]),
  );
}

/** The server's processes that work for backups in this database: process id, state and statement. */
export async function sessionsOf(client: pg.Client): Promise<{ pid: number; state: string; query: string }[]> {
  const { rows } = await client.query(
    `select pid, state, query from pg_stat_activity where datname = current_database() and application_name = $1 order by backend_start`,
    [APPLICATION],
  );
  return rows;
}

/** Nothing of a backup works in this database any more, and no lock of it is held, after so many milliseconds at the latest. */
export async function expectNoSessions(client: pg.Client, withinMs = 1000): Promise<void> {
  await expect.poll(() => sessionsOf(client), { timeout: withinMs, interval: 20 }).toEqual([]);
}

/** Resolves when a statement that holds these words waits for a lock. Not within a transaction: there the view stands still. */
export async function untilBlocked(client: pg.Client, words: string): Promise<void> {
  const isBlocked = async () => {
    const { rows } = await client.query(
      `select count(*)::int as n from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
          and query ilike '%' || $1 || '%' and wait_event_type = 'Lock'`,
      [words],
    );
    return rows[0].n;
  };
  await expect.poll(isBlocked, { timeout: 10_000, interval: 10 }).toBeGreaterThan(0);
}

/** `public.bulk`: rows whose COPY text cannot be packed into what lies between a server and a store, about 330 bytes each. */
export async function createBulk(client: pg.Client, rows: number): Promise<void> {
  await client.query(`create table bulk as select i as id, (select string_agg(md5(i::text || k::text), '') from generate_series(1, 10) k) as text
                        from generate_series(1, ${rows}) i`);
}

/** How a promise was rejected. Fails when it was not. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail('it succeeded'),
    (error: unknown) => error,
  );
}
