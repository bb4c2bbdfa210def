import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { recordRefusal } from '#lib/runner/refusals.ts';
import type { TestDatabase } from '#tests/support/postgres.ts';
import { createMigratedDatabase } from '#tests/support/stack.ts';
import { openPlace } from './loop-place.ts';

const ANNA = { id: randomUUID(), email: 'anna@example.org' };
let database: TestDatabase;
let action = '';
beforeAll(async () => {
  database = await createMigratedDatabase();
});
beforeEach(async () => {
  action = `test.${randomUUID()}`;
  globalThis.backupModeWorkplace = Promise.resolve(await openPlace(database));
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
  globalThis.backupModeWorkplace = undefined;
});
afterAll(() => database.drop());

const rows = async () =>
  (
    await database.client.query(
      'select actor_id, actor_email, came_from, detail from paliad.system_audit_log where action = $1 order by at',
      [`${action}.refused`],
    )
  ).rows;
const refuse = (count: number) => Promise.all(Array.from({ length: count }, () => recordRefusal(null, action, '192.0.2.7')));

describe('refused tries', () => {
  it('are in the log, each with who and where from', async () => {
    await recordRefusal(ANNA, action, '192.0.2.8');
    await recordRefusal(null, action, '2001:db8::1');
    expect(await rows()).toEqual([
      { actor_id: ANNA.id, actor_email: ANNA.email, came_from: '192.0.2.8', detail: {} },
      { actor_id: null, actor_email: 'not signed in', came_from: '2001:db8::1', detail: {} },
    ]);
  });

  it('of which there are too many are ten rows a minute, and how many more there were is one row when it is over', async () => {
    await refuse(500);
    expect(await rows()).toHaveLength(10);
    await vi.advanceTimersByTimeAsync(60_002);
    await vi.waitFor(async () => expect(await rows()).toHaveLength(11));
    expect((await rows()).at(-1)).toEqual({ actor_id: null, actor_email: 'system@paliad', came_from: null, detail: { suppressed: 490 } });
    await refuse(500);
    expect(await rows()).toHaveLength(20); // the summary was the first of this minute
  });

  it('of another action have rows of their own', async () => {
    await refuse(11);
    action = `test.${randomUUID()}`;
    await refuse(1);
    expect(await rows()).toHaveLength(1);
  });

  it('that were only counted are not lost when the row with their number cannot be written', async () => {
    await refuse(12);
    globalThis.backupModeWorkplace = Promise.reject(new Error('not there'));
    globalThis.backupModeWorkplace.catch(() => {});
    await vi.advanceTimersByTimeAsync(60_002);
    globalThis.backupModeWorkplace = Promise.resolve(await openPlace(database));
    await refuse(1);
    expect((await rows()).at(-1)).toMatchObject({ came_from: '192.0.2.7', detail: { suppressed: 2 } });
  });
});
