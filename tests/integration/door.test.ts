import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Workplace } from '#lib/runner/workplace.ts';
import type { TestDatabase } from '#tests/support/postgres.ts';
import { createMigratedDatabase } from '#tests/support/stack.ts';
import { createBulk } from './backing-up.ts';
import { LOOP_ENVIRONMENT, openPlace, pausingStore, rowOf } from './loop-place.ts';

const SECRET = 'a secret of a scheduler';
let database: TestDatabase;

beforeAll(async () => {
  database = await createMigratedDatabase();
  await createBulk(database.client, 2000);
  await database.client.query("update paliad.backup_settings set enabled = false, tick = '10 min', lease = '20 s', sheet_cells = 1000");
});
beforeEach(() => {
  // Both are kept for the life of a process: each test is one of its own.
  vi.resetModules();
  globalThis.backupModeRefusals = undefined;
});
afterEach(async () => {
  globalThis.backupModeWorkplace = undefined;
  globalThis.backupModeLoop = undefined;
  await database.client.query("update paliad.backups set status = 'failed', finished_at = now() where status = 'running'");
});
afterAll(() => database.drop());

/** The door of a process with this environment and place. */
async function openDoor(runSeconds: string, change: Partial<Workplace> = {}) {
  Object.assign(process.env, LOOP_ENVIRONMENT, { RUNNER_SECRET: SECRET, RUN_SECONDS: runSeconds });
  globalThis.backupModeWorkplace = Promise.resolve(await openPlace(database, change));
  const [{ knock }, { startLoop, stopLoop }] = await Promise.all([import('#lib/runner/door.ts'), import('#lib/runner/loop.ts')]);
  return { knock, startLoop, stopLoop };
}

/** Wishes of the schedule: of these any number may wait. The oldest first. */
async function wishFor(count: number): Promise<string[]> {
  const { rows } = await database.client.query(
    `insert into paliad.backups (kind, status, requested_by_email, slot, due_at)
     select 'scheduled', 'running', 'system@paliad', $2 || n, now() - make_interval(mins => 60 - n) from generate_series(1, $1) n returning id`,
    [count, `test/${randomUUID()}/`],
  );
  return rows.map(({ id }) => id);
}

const refusals = async () =>
  (
    await database.client.query(
      "select actor_id, actor_email, came_from, detail from paliad.system_audit_log where action = 'runs.start.refused' order by at",
    )
  ).rows;

describe('a knock with', () => {
  it.each([
    ['a wrong secret', 'not the secret of a scheduler'],
    ['no secret', null],
    ['an empty one', ''],
  ])('%s is refused, wakes nobody, and is in the audit log with its address', async (_what, secret) => {
    const { knock } = await openDoor('');
    const before = (await refusals()).length;
    await expect(knock(secret, '192.0.2.7')).rejects.toMatchObject({ code: 'RUNNER_REFUSED', httpStatus: 401 });
    expect(globalThis.backupModeLoop).toBeUndefined();
    expect((await refusals()).slice(before)).toEqual([
      { actor_id: null, actor_email: 'not signed in', came_from: '192.0.2.7', detail: {} },
    ]);
  });

  it('a wrong secret is refused as such also when the audit log cannot be written', async () => {
    const { knock } = await openDoor('');
    await database.client.query('alter function paliad.write_audit(uuid, text, text, text, jsonb, text) rename to write_audit_away');
    try {
      await expect(knock('wrong', '192.0.2.7')).rejects.toMatchObject({ code: 'RUNNER_REFUSED' });
    } finally {
      await database.client.query('alter function paliad.write_audit_away(uuid, text, text, text, jsonb, text) rename to write_audit');
    }
  });

  it('the right one wakes the resident loop, which would have slept for ten minutes, and leaves it the work', async () => {
    const { knock, startLoop, stopLoop } = await openDoor('');
    startLoop();
    await wait(500); // it has looked, found nothing, and sleeps
    const [id] = await wishFor(1);
    await wait(500);
    expect((await rowOf(database, id)).attempt).toBe(0);
    await (await knock(SECRET, '192.0.2.7'))();
    await expect.poll(async () => (await rowOf(database, id)).status, { timeout: 20_000 }).toBe('done');
    await stopLoop();
  });
});

describe('on a host that ends requests', () => {
  it('one wish is worked on behind a knock, and the next behind the next', async () => {
    const { knock } = await openDoor('60');
    const [first, second] = await wishFor(2);
    await (await knock(SECRET, '192.0.2.7'))();
    expect([await rowOf(database, first), await rowOf(database, second)]).toMatchObject([
      { status: 'done' },
      { status: 'running', attempt: 0 },
    ]);
    await (await knock(SECRET, '192.0.2.7'))();
    expect(await rowOf(database, second)).toMatchObject({ status: 'done', attempt: 1 });
  });

  it('nothing is resident there', async () => {
    const { startLoop } = await openDoor('60');
    startLoop();
    expect(globalThis.backupModeLoop).toBeUndefined();
  });

  it('a wish that had the whole time and did not end in it fails for good, in words that name the limit', async () => {
    const { knock } = await openDoor('30', { store: pausingStore(0, () => wait(13_000)) });
    const [id] = await wishFor(1);
    await (await knock(SECRET, '192.0.2.7'))();
    expect(await rowOf(database, id)).toMatchObject({ status: 'failed', error: 'RUN_TIME_LIMIT: This host ends requests after 30 s.' });
  });

  it('a wish that was taken late, from a slow catalog, and did not end in what was left is handed back', async () => {
    const { knock } = await openDoor('30', { store: pausingStore(0, () => wait(13_000)) });
    const [id] = await wishFor(1);
    await database.client.query('begin; lock table paliad.backups in access exclusive mode');
    const work = (await knock(SECRET, '192.0.2.7'))();
    await wait(6000);
    await database.client.query('commit');
    await work;
    expect(await rowOf(database, id)).toMatchObject({ status: 'running', lease: null, attempt: 0, error: null });
  });
});
