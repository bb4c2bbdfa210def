import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openStored } from '#lib/runner/describe.ts';
import { openStore } from '#lib/store/open.ts';
import { createBulk, linesIn, linesOf } from '#tests/integration/backing-up.ts';
import { LOOP_ENVIRONMENT, type Row, rowOf, sha256Of } from '#tests/integration/loop-place.ts';
import type { TestDatabase } from '#tests/support/postgres.ts';
import { createMigratedDatabase } from '#tests/support/stack.ts';

/** Kills at moments that nobody chose; `npm test -- --long` makes it the 200 that the design asks for. */
const RANDOM_KILLS = process.env.PALIAD_TEST_LONG === '1' ? 200 : 6;

let database: TestDatabase;
let folder = '';
const children: ChildProcess[] = [];

beforeAll(async () => {
  database = await createMigratedDatabase();
  await createBulk(database.client, 20_000);
  // Half the backoff and lease of 2 s: a dead runner's wish is taken up after about that.
  await database.client.query(
    "update paliad.backup_settings set enabled = false, lease = '2 s', tick = '100 ms', backoff_first = '1 s', backoff_most = '2 s', sheet_cells = 1000",
  );
  folder = await mkdtemp(join(tmpdir(), 'paliad-crash-'));
  await mkdir(join(folder, 'store'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await database.drop();
});

const storeUrl = () => pathToFileURL(join(folder, 'store')).href;

/** Starts a runner; `ended` resolves when it is dead. */
function startRunner(moment: string): { child: ChildProcess; ended: Promise<string | null> } {
  const settings = { databaseUrl: database.url, storeUrl: storeUrl(), temporaryFolder: folder, moment };
  const child = spawn(process.execPath, [join(import.meta.dirname, 'loop-process.ts'), JSON.stringify(settings)], {
    stdio: 'ignore',
    env: { ...process.env, ...LOOP_ENVIRONMENT },
  });
  children.push(child);
  return { child, ended: new Promise((resolve) => child.on('exit', (_, signal) => resolve(signal))) };
}

async function ask(): Promise<string> {
  const values = [randomUUID(), 'anna@example.org'];
  return (await database.client.query('select id from paliad.ask($1, null, $2)', values)).rows[0].id;
}

/** Another runner finishes the wish: done once, with its bytes, whole. */
async function expectFinished(id: string): Promise<Row> {
  const { child, ended } = startRunner('never');
  await expect.poll(async () => (await rowOf(database, id)).status, { timeout: 30_000, interval: 50 }).not.toBe('running');
  child.kill('SIGKILL');
  await ended;
  const row = await rowOf(database, id);
  expect(row).toMatchObject({ status: 'done', error: null });
  const store = await openStore(storeUrl());
  expect(await sha256Of(store, row.storage_uri ?? '')).toBe(row.sha256);
  const { rows } = await database.client.query(
    "select count(*)::int as n from paliad.system_audit_log where action = 'backup.done' and object = $1",
    [`backup/${id}`],
  );
  expect(rows).toEqual([{ n: 1 }]);
  return row;
}

/** I1: a backup that counts as done has its bytes, whatever happened. */
async function expectNoDoneWithoutBytes(): Promise<void> {
  const store = await openStore(storeUrl());
  const { rows } = await database.client.query<Row>("select * from paliad.backups where status = 'done'");
  for (const row of rows) expect(await sha256Of(store, row.storage_uri ?? '')).toBe(row.sha256);
}

describe('a runner that is killed', () => {
  it.each([
    ['claimed', 0],
    ['rows', 0],
    ['published', 1],
    ['checked', 1],
  ])('when the wish is %s leaves it open; another runner finishes it, once', async (moment, orphans) => {
    const id = await ask();
    expect(await startRunner(moment).ended).toBe('SIGKILL');
    expect(await rowOf(database, id)).toMatchObject({ status: 'running', attempt: 1, storage_uri: null, sha256: null });
    const row = await expectFinished(id);
    expect(row).toMatchObject({ attempt: 2, warnings: [expect.stringMatching(/^Attempt 1: the runner crash\/\d+ went silent\.$/)] });
    // What the dead one had published stands under its own token's name, beside the one that counts.
    const store = await openStore(storeUrl());
    expect(await Array.fromAsync(store.list(`${id}/`))).toHaveLength(1 + orphans);
    const reader = await openStored(store, row.storage_uri ?? '');
    expect(await linesIn(reader, 'public.bulk')).toEqual(await linesOf(database.client, 'bulk'));
  });

  it(`at ${RANDOM_KILLS} moments that nobody chose: no backup counts as done without its bytes, and each wish is finished`, {
    timeout: RANDOM_KILLS * 12_000,
  }, async () => {
    for (let n = 0; n < RANDOM_KILLS; n++) {
      const id = await ask();
      const { child, ended } = startRunner('never');
      const isTaken = async () => (await rowOf(database, id)).attempt;
      await expect.poll(isTaken, { timeout: 20_000, interval: 10 }).toBeGreaterThan(0);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 2000));
      child.kill('SIGKILL');
      await ended;
      await expectNoDoneWithoutBytes();
      await expectFinished(id);
    }
  });
});
