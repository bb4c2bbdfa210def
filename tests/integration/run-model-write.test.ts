import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Progress } from '#lib/backup/backup.ts';
import * as write from '#lib/catalog/write.ts';
import { openRaceCatalog, type RaceCatalog } from './run-model-database.ts';

let catalog: RaceCatalog;
let pool: pg.Pool;
beforeAll(async () => {
  catalog = await openRaceCatalog();
  pool = new pg.Pool({ connectionString: catalog.url, max: 2, application_name: 'pool' });
  pool.on('error', () => {}); // sessions that are cut while idle
});
beforeEach(async () => {
  await catalog.reset();
  await catalog.c.query('update paliad.backup_settings set enabled = false');
});
afterAll(async () => {
  await pool.end();
  await catalog.drop();
});

const PROGRESS: Progress = {
  phase: 'rows',
  table: 'public.a',
  tablesDone: 1,
  tablesTotal: 3,
  rows: 10,
  rowsExpected: 30,
  sizeBytes: 99,
  startedAt: '2026-11-24T02:00:00Z',
};
const FACTS: write.Facts = {
  sizeBytes: 5_000_000_000,
  sha256: 'ab'.repeat(32),
  rowCounts: { 'public.a': 10, 'public."odd.name"': 0 },
  sheetCount: 4,
  format: 1,
  verifiedAt: new Date('2026-11-24T02:01:00Z'),
  verification: { chunks: 3 },
  warnings: ['public.b is shown in part.'],
};
const anna = { id: randomUUID(), email: 'anna@example.org' };

async function claimed(): Promise<write.Wish> {
  await write.ask(pool, randomUUID(), anna);
  const wish = await write.claim(pool, 'web-1', 90);
  if (wish === null) throw new Error('there was nothing to claim');
  return wish;
}

describe('a backup from wish to end', () => {
  it('is asked for, claimed, shown at work, done, with all that is known of it', async () => {
    const { backupId, isNew } = await write.ask(pool, 'n1', anna);
    expect([isNew, await write.tick(pool), (await write.backupForRunner(pool, backupId))?.state]).toEqual([true, true, 'waiting']);
    const wish = await write.claim(pool, 'web-1', 90);
    expect(wish).toMatchObject({ id: backupId, kind: 'on_demand', attempt: 1, requestedByEmail: 'anna@example.org' });
    if (wish === null) return;
    expect(await write.renew(pool, wish, PROGRESS, 90)).toBe(true);
    expect(await write.renew(pool, wish, null, 90)).toBe(true);
    expect(await write.backupForRunner(pool, backupId)).toMatchObject({ state: 'running', runner: 'web-1', progress: PROGRESS });
    expect(await write.finish(pool, wish, { uri: 'file:///x', facts: FACTS })).toBe(true);
    expect(await write.backupForRunner(pool, backupId)).toMatchObject({
      state: 'done',
      storageUri: 'file:///x',
      sizeBytes: 5_000_000_000,
      sha256: FACTS.sha256,
      rowCounts: FACTS.rowCounts,
      sheetCount: 4,
      verifiedAt: FACTS.verifiedAt,
      warnings: FACTS.warnings,
      attempt: 1,
    });
    expect((await catalog.c.query('select format, verification from paliad.backups')).rows).toEqual([
      { format: 1, verification: { chunks: 3 } },
    ]);
  });

  it('is tried again, handed back, cancelled', async () => {
    const first = await claimed();
    expect(await write.handBack(pool, first, 'The server was stopped.')).toBe(true);
    const second = await write.claim(pool, 'web-2', 90);
    if (second === null) throw new Error('there was nothing to claim');
    expect(second.attempt).toBe(1);
    expect(await write.finish(pool, second, { error: 'STORE_FULL: /srv', again: true, warnings: ['seen on the way'] })).toBe(true);
    expect(await write.backupForRunner(pool, first.id)).toMatchObject({
      state: 'retrying',
      lastCause: 'Attempt 1: The place where backups are kept is full. /srv',
      warnings: ['The server was stopped.', 'seen on the way', 'Attempt 1: The place where backups are kept is full. /srv'],
    });
    expect([await write.cancel(pool, first.id, anna.email), await write.cancel(pool, first.id, anna.email)]).toEqual([true, false]);
    expect(await write.backupForRunner(pool, first.id)).toMatchObject({
      state: 'failed',
      error: { code: 'RUN_CANCELLED', detail: 'by anna@example.org' },
    });
  });

  it('keeps what is not known as not known', async () => {
    const wish = await claimed();
    await write.finish(pool, wish, { uri: 'file:///x', facts: { ...FACTS, verifiedAt: null, verification: null, warnings: [] } });
    const { rows } = await catalog.c.query('select verified_at, verification, warnings from paliad.backups');
    expect(rows).toEqual([{ verified_at: null, verification: null, warnings: [] }]);
    expect((await catalog.c.query('select verification is null as is_null from paliad.backups')).rows).toEqual([{ is_null: true }]);
  });

  it('fails for good with its words', async () => {
    const wish = await claimed();
    await write.finish(pool, wish, { error: 'ROWS_HIDDEN: public.secret', again: false });
    expect(await write.backupForRunner(pool, wish.id)).toMatchObject({
      state: 'failed',
      error: { code: 'ROWS_HIDDEN', detail: 'public.secret' },
    });
  });

  it('says when the lease was lost', async () => {
    const wish = await claimed();
    await write.cancel(pool, wish.id, anna.email);
    const lost = [
      await write.renew(pool, wish, PROGRESS, 90),
      await write.finish(pool, wish, { uri: 'file:///x', facts: FACTS }),
      await write.handBack(pool, wish, 'x'),
    ];
    expect(lost).toEqual([false, false, false]);
  });

  it('has nothing to claim when nothing is wanted, and no backup under an id that is nobody’s', async () => {
    expect([await write.tick(pool), await write.claim(pool, 'web-1', 90), await write.backupForRunner(pool, randomUUID())]).toEqual([
      false,
      null,
      null,
    ]);
  });
});

describe('what else the server does', () => {
  it('writes the audit log and gives the row’s id', async () => {
    const id = await write.writeAudit(pool, anna, {
      action: 'backup.downloaded',
      object: 'backup/1',
      detail: { reason: 'tax' },
      from: '192.0.2.1',
    });
    const { rows } = await catalog.c.query(
      'select actor_id, actor_email, action, object, detail, came_from from paliad.system_audit_log where id = $1',
      [id],
    );
    expect(rows).toEqual([
      {
        actor_id: anna.id,
        actor_email: anna.email,
        action: 'backup.downloaded',
        object: 'backup/1',
        detail: { reason: 'tax' },
        came_from: '192.0.2.1',
      },
    ]);
  });

  it('reads the settings it goes by, as they are from the first day', async () => {
    expect(await write.settingsForRunner(pool)).toEqual({
      organisation: '',
      excludedSchemas: [],
      excludedData: [],
      sheetCells: 3_000_000,
      home: null,
      leaseSeconds: 90,
      tickSeconds: 15,
    });
  });

  it('acts as service_role and leaves no trace of that on the connection', async () => {
    await write.tick(pool);
    const roles = await Promise.all([pool.query('select current_user as role'), pool.query('select current_user as role')]);
    expect(roles.flatMap(({ rows }) => rows.map((row) => row.role))).toEqual(['postgres', 'postgres']);
    await catalog.c.query('revoke execute on function paliad.tick(timestamptz) from service_role');
    await expect(write.tick(pool)).rejects.toMatchObject({ code: '42501' });
    await catalog.c.query('grant execute on function paliad.tick(timestamptz) to service_role');
    expect(await write.tick(pool)).toBe(false);
  });

  it('says CATALOG_UNREACHABLE when the server is not there, and goes on once it is again', async () => {
    const nobody = new pg.Pool({ connectionString: 'postgres://x:x@127.0.0.1:1/x' });
    await expect(write.tick(nobody)).rejects.toMatchObject({ code: 'CATALOG_UNREACHABLE' });
    await nobody.end();
    await catalog.c.query('begin; lock table paliad.backups in access exclusive mode');
    const cut = expect(write.tick(pool)).rejects.toMatchObject({ code: 'CATALOG_UNREACHABLE' });
    const cutter =
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pool' and datname = current_database() and wait_event_type = 'Lock'";
    while ((await catalog.a.query(cutter)).rowCount === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await cut;
    await catalog.c.query('rollback');
    expect(await write.tick(pool)).toBe(false);
  });
});
