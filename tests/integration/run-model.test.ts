import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ask, at, claim, fail, finish, interleave, openRaceCatalog, type RaceCatalog, renew, tick } from './run-model-database.ts';

let catalog: RaceCatalog;
beforeAll(async () => {
  catalog = await openRaceCatalog();
});
beforeEach(() => catalog.reset());
afterAll(() => catalog.drop());

/** A scheduled backup that runner `a` has taken at the scheduled moment. */
async function takenByA() {
  await tick(catalog.c, at(0));
  const row = await claim(catalog.a, 'a', at(0));
  if (row === undefined) throw new Error('there was nothing to claim');
  return row;
}

describe('once per scheduled moment', () => {
  it('two ticks at the same time write one row', async () => {
    await interleave(
      catalog,
      (a) => tick(a, at(1)),
      (b) => tick(b, at(1)),
    );
    expect(await catalog.rows()).toHaveLength(1);
  });

  it('a tick says that a runner has work, until one has taken it', async () => {
    expect(await tick(catalog.a, at(60))).toBe(true);
    await claim(catalog.a, 'a', at(60));
    expect(await tick(catalog.a, at(60))).toBe(false);
  });

  it('a moment that has passed its catch-up window is one failed row, “missed”', async () => {
    await tick(catalog.a, at(20 * 3600 + 1));
    await tick(catalog.a, at(20 * 3600 + 2));
    expect(await catalog.rows()).toMatchObject([
      { status: 'failed', error: 'RUN_MISSED: nothing asked for it in time', finished_at: at(20 * 3600 + 1) },
    ]);
  });

  it('nothing is written while the schedule is off, nor for moments before it began', async () => {
    await catalog.c.query('update paliad.backup_settings set enabled = false');
    expect(await tick(catalog.a, at(1))).toBe(false);
    await catalog.c.query("update paliad.backup_settings set enabled = true, active_from = '2026-11-24 02:00:01Z'");
    expect(await tick(catalog.a, at(2))).toBe(false);
    expect(await catalog.rows()).toEqual([]);
  });

  it('one that failed for good is never begun again', async () => {
    await fail(catalog.a, await takenByA(), 'TABLE_NOT_READABLE: public.x', false, at(5));
    expect(await tick(catalog.a, at(6))).toBe(false);
    expect(await claim(catalog.a, 'a', at(3600))).toBeUndefined();
    expect(await catalog.rows()).toMatchObject([{ status: 'failed', error: 'TABLE_NOT_READABLE: public.x', finished_at: at(5) }]);
  });
});

describe('one runner at a time', () => {
  it('two claims of the same row at the same time give one lease', async () => {
    await tick(catalog.c, at(0));
    const [a, b] = await interleave(
      catalog,
      (x) => claim(x, 'a', at(1)),
      (x) => claim(x, 'b', at(1)),
    );
    expect([a?.attempt, b]).toEqual([1, undefined]);
  });

  it('two waiting rows, two claims at the same time: one lease, and the other runner gets nothing and no error', async () => {
    await tick(catalog.c, at(0));
    await ask(catalog.c, 'n1', at(0));
    const [a, b] = await interleave(
      catalog,
      (x) => claim(x, 'a', at(1)),
      (x) => claim(x, 'b', at(1)),
    );
    expect([a?.attempt, b]).toEqual([1, undefined]);
  });

  it('a lease in time is taken by nobody; it is renewed past its end', async () => {
    const row = await takenByA();
    expect(await claim(catalog.b, 'b', at(90))).toBeUndefined();
    expect(await renew(catalog.a, row, at(80))).toBe(true);
    expect(await claim(catalog.b, 'b', at(169))).toBeUndefined();
    expect(await claim(catalog.b, 'b', at(171))).toMatchObject({ id: row.id, attempt: 2 });
  });

  it('what waits behind is claimed when the one before has ended, a silent runner’s backup first', async () => {
    const row = await takenByA();
    const asked = await ask(catalog.c, 'n1', at(0));
    const again = await claim(catalog.b, 'b', at(91));
    expect(again?.id).toBe(row.id);
    if (again !== undefined) await finish(catalog.b, again, 'file:///x', at(95));
    expect(await claim(catalog.b, 'b', at(96))).toMatchObject({ id: asked.id, attempt: 1 });
  });
});

describe('a silent runner can do no harm', () => {
  it('its backup is taken over as the same row: attempt 2, a new token, a warning that names it', async () => {
    const row = await takenByA();
    const taken = await claim(catalog.b, 'b', at(91));
    expect(taken).toMatchObject({ id: row.id, attempt: 2, warnings: ['Attempt 1: the runner a went silent.'] });
    expect(taken?.lease).not.toBe(row.lease);
  });

  it('after the takeover it can neither renew, finish, fail nor hand back', async () => {
    const row = await takenByA();
    await claim(catalog.b, 'b', at(91));
    const handed = await catalog.a.query("select paliad.hand_back($1, $2, 'stopping', $3) as kept", [row.id, row.lease, at(92)]);
    expect([
      await renew(catalog.a, row, at(92)),
      await finish(catalog.a, row, 'file:///zombie', at(92)),
      await fail(catalog.a, row, 'STORE_FULL: x', true, at(92)),
      handed.rows[0].kept,
    ]).toEqual([false, false, false, false]);
    expect(await catalog.rows()).toMatchObject([{ status: 'running', attempt: 2, storage_uri: null, lease_until: at(181) }]);
  });

  it('one that was only slow, and that nobody relieved, may still finish', async () => {
    expect(await finish(catalog.a, await takenByA(), 'file:///late', at(3600))).toBe(true);
    expect(await catalog.rows()).toMatchObject([{ status: 'done', storage_uri: 'file:///late', finished_at: at(3600) }]);
  });

  it('finish, then takeover: done, and the takeover gets nothing', async () => {
    const row = await takenByA();
    const [kept, taken] = await interleave(
      catalog,
      (a) => finish(a, row, 'file:///x', at(100)),
      (b) => claim(b, 'b', at(100)),
    );
    expect([kept, taken]).toEqual([true, undefined]);
    expect(await catalog.rows()).toMatchObject([{ status: 'done' }]);
  });

  it('takeover, then finish: the finish is refused', async () => {
    const row = await takenByA();
    const [taken, kept] = await interleave(
      catalog,
      (a) => claim(a, 'b', at(100)),
      (b) => finish(b, row, 'file:///x', at(100)),
    );
    expect([taken?.attempt, kept]).toEqual([2, false]);
    expect(await catalog.rows()).toMatchObject([{ status: 'running', storage_uri: null }]);
  });

  it('finishing twice is refused the second time', async () => {
    const row = await takenByA();
    expect([await finish(catalog.a, row, 'file:///1', at(5)), await finish(catalog.a, row, 'file:///2', at(6))]).toEqual([true, false]);
    expect(await catalog.rows()).toMatchObject([{ storage_uri: 'file:///1' }]);
  });
});

describe('every wish ends', () => {
  it('a failure that may pass: open, no lease, no error, the cause kept, a later try', async () => {
    await fail(catalog.a, await takenByA(), 'STORE_FULL: /srv', true, at(10));
    expect(await catalog.rows()).toMatchObject([
      { status: 'running', lease: null, error: null, warnings: ['Attempt 1: STORE_FULL: /srv'], next_try_at: at(100), finished_at: null },
    ]);
    expect(await claim(catalog.b, 'b', at(99))).toBeUndefined();
    expect(await claim(catalog.b, 'b', at(100))).toMatchObject({ attempt: 2 });
  });

  it('the wait doubles with each failure and stops growing at an hour', async () => {
    await tick(catalog.c, at(0));
    const waits: number[] = [];
    let now = 0;
    for (let attempt = 1; attempt <= 9; attempt++) {
      const row = await claim(catalog.a, 'a', at(now));
      if (row === undefined) throw new Error(`nothing to claim for attempt ${attempt}`);
      await fail(catalog.a, row, 'STORE_FULL: /srv', true, at(now));
      const next = ((await catalog.rows())[0].next_try_at.getTime() - at(0).getTime()) / 1000;
      waits.push(next - now);
      now = next;
    }
    expect(waits).toEqual([90, 180, 360, 720, 1440, 2880, 3600, 3600, 3600]);
  });

  it('past its time it is failed with its last cause', async () => {
    await fail(catalog.a, await takenByA(), 'STORE_FULL: /srv', true, at(10));
    await tick(catalog.a, at(20 * 3600 + 1));
    expect(await catalog.rows()).toMatchObject([{ status: 'failed', error: 'RUN_GAVE_UP: Attempt 1: STORE_FULL: /srv' }]);
  });

  it('past its time, with a runner that went silent or none that came, it says that', async () => {
    await takenByA();
    await ask(catalog.c, 'n1', at(0));
    await tick(catalog.a, at(20 * 3600 + 1));
    expect((await catalog.rows()).map((row) => row.error).sort()).toEqual([
      'RUN_GAVE_UP: Attempt 1: the runner a went silent.',
      'RUN_GAVE_UP: no runner came',
    ]);
  });

  it('past its time, a runner that is alive may go on; a new attempt may not begin', async () => {
    const row = await takenByA();
    await renew(catalog.a, row, at(20 * 3600));
    await tick(catalog.b, at(20 * 3600 + 10));
    expect(await catalog.rows()).toMatchObject([{ status: 'running' }]);
    expect(await claim(catalog.b, 'b', at(20 * 3600 + 100))).toBeUndefined();
  });

  it('handed back: any runner may take it at once, and the attempt does not count', async () => {
    const row = await takenByA();
    await catalog.a.query("select paliad.hand_back($1, $2, 'The server was stopped.', $3)", [row.id, row.lease, at(5)]);
    expect(await claim(catalog.b, 'b', at(5))).toMatchObject({ id: row.id, attempt: 1, warnings: ['The server was stopped.'] });
  });

  it('cancelled: failed and named, the runner loses its lease, and what has ended cannot be cancelled', async () => {
    const row = await takenByA();
    const cancel = async () =>
      (await catalog.c.query("select paliad.cancel($1, 'anna@example.org', $2) as ended", [row.id, at(5)])).rows[0].ended;
    expect(await cancel()).toBe(true);
    expect([await renew(catalog.a, row, at(6)), await finish(catalog.a, row, 'file:///x', at(6)), await cancel()]).toEqual([
      false,
      false,
      false,
    ]);
    expect(await catalog.rows()).toMatchObject([
      { status: 'failed', error: 'RUN_CANCELLED: by anna@example.org', finished_at: at(5), lease: null },
    ]);
  });

  it('done without a place where it is kept is refused', async () => {
    const row = await takenByA();
    const finished = catalog.a.query("select paliad.finish($1, $2, null, null, false, '{}', $3)", [row.id, row.lease, at(5)]);
    await expect(finished).rejects.toThrow(/backups_done_has_uri/);
  });
});
