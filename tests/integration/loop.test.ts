import { randomUUID } from 'node:crypto';
import { readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { BackupError } from '#lib/backup/errors.ts';
import { askForBackup } from '#lib/runner/ask.ts';
import { openDownload } from '#lib/runner/download.ts';
import { startLoop, stopLoop } from '#lib/runner/loop.ts';
import { faultyStore } from '#lib/store/faulty/faulty-store.ts';
import { memoryStore } from '#lib/store/memory/memory-store.ts';
import type { TestDatabase } from '#tests/support/postgres.ts';
import { createMigratedDatabase } from '#tests/support/stack.ts';
import { createBulk, expectNoSessions, sessionsOf } from './backing-up.ts';
import { askAndWork, LOOP_ENVIRONMENT, openPlace, openWay, pausingStore, rowOf, runningId, sha256Of } from './loop-place.ts';

const ANNA = { id: randomUUID(), email: 'anna@example.org' };
let database: TestDatabase;

beforeAll(async () => {
  Object.assign(process.env, LOOP_ENVIRONMENT);
  database = await createMigratedDatabase();
  await createBulk(database.client, 20_000);
  await database.client.query(
    "update paliad.backup_settings set enabled = false, lease = '2 s', tick = '200 ms', backoff_first = '1 s', sheet_cells = 1000",
  );
});
afterEach(async () => {
  await expectNoSessions(database.client);
  // What a test has left open must not be the next one's wish.
  await database.client.query(
    "update paliad.backups set status = 'failed', finished_at = now(), lease = null, lease_until = null where status = 'running'",
  );
});
afterAll(() => database.drop());

/** Whether the backup under way lets go of its source, though its store waits; within two leases. */
async function stops(): Promise<boolean> {
  for (const giveUpAt = performance.now() + 4000; performance.now() < giveUpAt; ) {
    if ((await sessionsOf(database.client)).length === 0) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

/** Everything that a store lists. */
async function kept(store: ReturnType<typeof memoryStore>): Promise<string[]> {
  return (await Array.fromAsync(store.list(''))).map(({ uri }) => uri);
}

describe('a wish', () => {
  it('that a person asks for is done by the loop, with its bytes, checked, under its own name', async () => {
    const place = await openPlace(database);
    globalThis.backupModeWorkplace = Promise.resolve(place);
    const left = join(place.temporaryFolder, 'paliad-sheet-of-a-dead-runner');
    await writeFile(left, 'x');
    await utimes(left, 0, 0);
    startLoop();
    const { backupId, isNew } = await askForBackup(ANNA, 'nonce-1');
    expect(isNew).toBe(true);
    await expect.poll(async () => (await rowOf(database, backupId)).status, { timeout: 20_000 }).toBe('done');
    await stopLoop();
    const row = await rowOf(database, backupId);
    expect(row).toMatchObject({ attempt: 1, error: null, warnings: [], storage_uri: expect.stringContaining(`/${backupId}/`) });
    expect(await kept(place.store)).toEqual([row.storage_uri]);
    expect(await sha256Of(place.store, row.storage_uri ?? '')).toBe(row.sha256);
    expect(await readdir(place.temporaryFolder)).toEqual([]);
    expect(await askForBackup(ANNA, 'nonce-1')).toEqual({ backupId, isNew: false });
    globalThis.backupModeWorkplace = undefined;
  });

  it('that is cancelled while rows are written stops within a heartbeat, publishes nothing and leaves nothing', async () => {
    let isStopped = false;
    const store = pausingStore(100_000, async () => {
      await database.client.query("select paliad.cancel($1, 'boss@example.org')", [await runningId(database)]);
      isStopped = await stops();
    });
    const place = await openPlace(database, { store });
    const row = await askAndWork(database, place);
    await expect.poll(() => isStopped, { timeout: 5000 }).toBe(true);
    expect(row).toMatchObject({ status: 'failed', error: 'RUN_CANCELLED: by boss@example.org', storage_uri: null });
    expect(await kept(store)).toEqual([]);
    expect(await readdir(place.temporaryFolder)).toEqual([]);
  });

  it('that another runner has taken over is left to it: nothing is published, the row is the other one’s', async () => {
    let isStopped = false;
    const lease = randomUUID();
    const store = pausingStore(100_000, async () => {
      await database.client.query("update paliad.backups set lease = $1, runner = 'another', attempt = 2 where lease is not null", [lease]);
      isStopped = await stops();
    });
    const row = await askAndWork(database, await openPlace(database, { store }));
    await expect.poll(() => isStopped, { timeout: 5000 }).toBe(true);
    expect(row).toMatchObject({ status: 'running', lease, attempt: 2, storage_uri: null });
    expect(await kept(store)).toEqual([]);
  });

  it('that is cancelled after its file was published takes the file with it', async () => {
    const store = memoryStore();
    const open = store.open.bind(store);
    Object.assign(store, {
      // It is being read back, and nobody looks at the lease again before the end.
      async open(...given: Parameters<typeof open>) {
        const id = await runningId(database);
        if (id !== undefined) await database.client.query("select paliad.cancel($1, 'boss@example.org')", [id]);
        return open(...given);
      },
    });
    expect(await askAndWork(database, await openPlace(database, { store }))).toMatchObject({ status: 'failed', storage_uri: null });
    expect(await kept(store)).toEqual([]);
  });

  it('whose source cannot be reached is tried again with the cause in its warnings, and given up in the end with it', async () => {
    const source = { url: 'postgres://u:secret@127.0.0.1:1/d', applicationName: 'x' };
    const row = await askAndWork(database, await openPlace(database, { source }));
    const cause = 'Attempt 1: SOURCE_UNREACHABLE: 127.0.0.1:1, database “d”, user “u”: connect ECONNREFUSED 127.0.0.1:1';
    expect(row).toMatchObject({ status: 'running', lease: null, attempt: 1, error: null, warnings: [cause] });
    await database.client.query("select paliad.tick(now() + interval '2 hours')");
    expect(await rowOf(database, row.id)).toMatchObject({ status: 'failed', error: `RUN_GAVE_UP: ${cause}` });
  });

  it('that cannot succeed by trying again fails at once, by code and object', async () => {
    const url = Object.assign(new URL(database.url), { password: 'wrong' }).href;
    const row = await askAndWork(database, await openPlace(database, { source: { url, applicationName: 'x' } }));
    expect(row).toMatchObject({
      status: 'failed',
      error: expect.stringMatching(/^SOURCE_AUTH_FAILED: 127\.0\.0\.1:.*password authentication failed/),
    });
  });

  it('that fails by a fault of ours says INTERNAL and not what the fault said', async () => {
    const store = Object.assign(memoryStore(), { put: () => Promise.reject(new TypeError('row data: Müller')) });
    const row = await askAndWork(database, await openPlace(database, { store }));
    expect(row).toMatchObject({ status: 'failed', error: expect.stringMatching(/^INTERNAL\b(?!.*Müller)/) });
  });

  it('whose bytes were changed on their way to the store is no backup: it is removed and tried again', async () => {
    const inner = memoryStore();
    const store = faultyStore(inner, [{ on: 'open', how: 'flip', atByte: 5000 }]);
    const row = await askAndWork(database, await openPlace(database, { store }));
    expect(row).toMatchObject({ status: 'running', attempt: 1, storage_uri: null, warnings: [expect.stringContaining('BACKUP_DAMAGED')] });
    expect(await kept(inner)).toEqual([]);
  });

  it('whose damaged bytes cannot even be removed says that they are damaged', async () => {
    const store = faultyStore(memoryStore(), [{ on: 'open', how: 'flip', atByte: 5000 }]);
    Object.assign(store, { delete: () => Promise.reject(new BackupError('STORE_UNAVAILABLE')) });
    const row = await askAndWork(database, await openPlace(database, { store }));
    expect(row).toMatchObject({ status: 'running', storage_uri: null, warnings: [expect.stringContaining('BACKUP_DAMAGED')] });
  });
});

describe('a catalog that goes away', () => {
  it('while rows are written is survived: its sessions are ended and new ones are made', async () => {
    const store = pausingStore(100_000, async () => {
      const { rows } = await database.client.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'a catalog under test' and datname = current_database()",
      );
      expect(rows.length).toBeGreaterThan(0);
    });
    expect(await askAndWork(database, await openPlace(database, { store }))).toMatchObject({ status: 'done', attempt: 1 });
  });

  it('when the backup is to be recorded is asked again, as long as the lease holds', async () => {
    const way = await openWay(database.url);
    const store = memoryStore();
    const put = store.put.bind(store);
    Object.assign(store, {
      async put(...given: Parameters<typeof put>) {
        const artifact = await put(...given);
        way.cut();
        setTimeout(() => way.mend(), 700);
        return artifact;
      },
    });
    const row = await askAndWork(database, await openPlace(database, { store, catalogUrl: way.url }));
    expect(row).toMatchObject({ status: 'done', attempt: 1 });
    expect(await kept(store)).toEqual([row.storage_uri]);
  });

  it('and whose answer was lost after it recorded the backup: the file of a done backup stays', async () => {
    const way = await openWay(database.url);
    way.loseAnswerTo('paliad.finish');
    const store = memoryStore();
    const row = await askAndWork(database, await openPlace(database, { store, catalogUrl: way.url }));
    expect(row).toMatchObject({ status: 'done', attempt: 1 });
    expect(await kept(store)).toEqual([row.storage_uri]);
  });

  it('for longer than the lease holds ends the run: nothing is published by a runner that may have been replaced', async () => {
    let isStopped = false;
    const way = await openWay(database.url);
    const store = pausingStore(100_000, async () => {
      way.cut();
      // The rows may all have been read ahead: longer than the lease holds, so that its loss is what ends the run.
      await new Promise((resolve) => setTimeout(resolve, 2500));
      isStopped = await stops();
    });
    const row = await askAndWork(database, await openPlace(database, { store, catalogUrl: way.url }));
    await expect.poll(() => isStopped, { timeout: 5000 }).toBe(true);
    expect(row).toMatchObject({ status: 'running', storage_uri: null });
    expect(await kept(store)).toEqual([]);
  });
});

describe('a download', () => {
  async function makeOne() {
    const place = await openPlace(database);
    globalThis.backupModeWorkplace = Promise.resolve(place);
    onTestFinished(() => {
      globalThis.backupModeWorkplace = undefined;
    });
    return { place, row: await askAndWork(database, place) };
  }
  const audited = async (id: string) =>
    (await database.client.query("select * from paliad.system_audit_log where action = 'backup.download' and object like '%' || $1", [id]))
      .rows;

  it('is in the audit log, with the reason, before its first byte, and gives the very bytes', async () => {
    const { place, row } = await makeOne();
    const download = await openDownload(ANNA, row.id, 'for the auditor', '10.0.0.7');
    expect(await audited(row.id)).toHaveLength(1);
    expect(download).toMatchObject({
      sizeBytes: Number(row.size_bytes),
      sha256: row.sha256,
      filename: expect.stringMatching(/^[a-z0-9-]+\.xlsx$/),
    });
    const bytes = Buffer.from(await new Response(download.body).arrayBuffer());
    expect(bytes.length).toBe(download.sizeBytes);
    expect(await sha256Of(place.store, row.storage_uri ?? '')).toBe(row.sha256);
  });

  it('that cannot be written down does not happen', async () => {
    const { place, row } = await makeOne();
    let isOpened = false;
    Object.assign(place.store, {
      open: async () => {
        isOpened = true;
      },
    });
    await database.client.query('alter function paliad.write_audit(uuid, text, text, text, jsonb, text) rename to write_audit_away');
    await expect(openDownload(ANNA, row.id, 'x', '10.0.0.7')).rejects.toThrow();
    await database.client.query('alter function paliad.write_audit_away(uuid, text, text, text, jsonb, text) rename to write_audit');
    expect(isOpened).toBe(false);
    expect(await audited(row.id)).toEqual([]);
  });

  it('of what is not there, or is no backup, is refused', async () => {
    await makeOne();
    await expect(openDownload(ANNA, randomUUID(), 'x', '10.0.0.7')).rejects.toMatchObject({ code: 'BACKUP_NOT_FOUND' });
  });
});
