import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  ask,
  at,
  type BackupRow,
  claim,
  finish,
  interleave,
  openRaceCatalog,
  type RaceCatalog,
  renew,
  tick,
  without,
  withoutText,
} from './run-model-database.ts';

// Each guarantee that could hold by luck is tried twice: with its guard, and with the guard taken out, where the same
// events must end badly. A guard whose removal changes nothing would be no guard.

let catalog: RaceCatalog;
beforeAll(async () => {
  catalog = await openRaceCatalog();
});
beforeEach(() => catalog.reset());
afterAll(() => catalog.drop());

const TICK = 'paliad.tick(timestamptz)';
const CLAIM = 'paliad.claim(text,interval,timestamptz)';
const FINISH = 'paliad.finish(uuid,uuid,text,text,boolean,jsonb,timestamptz)';
const RENEW = 'paliad.renew(uuid,uuid,jsonb,interval,timestamptz)';
const ONE_RUNNER = 'create unique index backups_one_runner on paliad.backups ((true)) where lease is not null';
const ONE_ASKED = "create unique index backups_one_asked on paliad.backups ((true)) where kind = 'on_demand' and status = 'running'";

async function takenByA(): Promise<BackupRow> {
  await tick(catalog.c, at(0));
  const row = await claim(catalog.a, 'a', at(0));
  if (row === undefined) throw new Error('there was nothing to claim');
  return row;
}
const twoTicks = () =>
  interleave(
    catalog,
    (a) => tick(a, at(1)),
    (b) => tick(b, at(1)),
  );
const twoClaims = () =>
  interleave(
    catalog,
    (a) => claim(a, 'a', at(1)),
    (b) => claim(b, 'b', at(1)),
  );
const plainAsk = (nonce: string) => (client: pg.Client) =>
  client.query("insert into paliad.backups (kind, status, requested_by_email, slot) values ('on_demand', 'running', 'x', $1)", [
    `asked/${nonce}`,
  ]);

describe('two ticks write one row', () => {
  it('because of backups_slot_key: without it there are two', async () => {
    await without(catalog, 'drop index paliad.backups_slot_key', 'create unique index backups_slot_key on paliad.backups (slot)', () =>
      withoutText(catalog.c, TICK, 'on conflict (slot) do nothing', '', async () => {
        await twoTicks();
        expect(await catalog.rows()).toHaveLength(2);
      }),
    );
  });

  it('and “on conflict do nothing” keeps the second from failing', async () => {
    await withoutText(catalog.c, TICK, 'on conflict (slot) do nothing', '', async () => {
      await expect(twoTicks()).rejects.toThrow(/backups_slot_key/);
    });
  });
});

describe('one lease', () => {
  const twoWaiting = async () => {
    await tick(catalog.c, at(0));
    await ask(catalog.c, 'n1', at(0));
  };

  it('because of backups_one_runner: without it two runners hold one each', async () => {
    await without(catalog, 'drop index paliad.backups_one_runner', ONE_RUNNER, async () => {
      await twoWaiting();
      const [a, b] = await twoClaims();
      expect([a?.attempt, b?.attempt]).toEqual([1, 1]);
    });
  });

  it('and claim’s handler turns the collision into “nothing for you”: without it the second runner gets an error', async () => {
    await withoutText(catalog.c, CLAIM, 'exception when unique_violation then', 'exception when division_by_zero then', async () => {
      await twoWaiting();
      await expect(twoClaims()).rejects.toThrow(/backups_one_runner/);
    });
  });

  it('because of “for update skip locked”: without it the second claim takes the row from the first', async () => {
    await withoutText(catalog.c, CLAIM, 'for update skip locked', '', async () => {
      await tick(catalog.c, at(0));
      const [a, b] = await twoClaims();
      expect([b?.id, b?.attempt]).toEqual([a?.id, 2]);
    });
  });

  it('because claim passes over a backup that has one: without that a living runner loses its backup', async () => {
    await withoutText(catalog.c, CLAIM, 'and c.lease is null', '', async () => {
      const row = await takenByA();
      await renew(catalog.a, row, at(80));
      expect(await claim(catalog.b, 'b', at(91))).toMatchObject({ id: row.id, attempt: 2 });
    });
  });

  it('and ends only those that have run out: without that, too', async () => {
    await withoutText(catalog.c, CLAIM, 'where b.lease_until < p_now', "where b.status = 'running'", async () => {
      const row = await takenByA();
      await renew(catalog.a, row, at(80));
      await claim(catalog.b, 'b', at(91));
      expect(await renew(catalog.a, row, at(92))).toBe(false);
    });
  });

  it('claim asks whether it is time to try again: without that a failure is repeated at once', async () => {
    await withoutText(catalog.c, CLAIM, 'c.next_try_at <= p_now', 'true', async () => {
      const row = await takenByA();
      await catalog.a.query("select paliad.finish($1, $2, null, 'STORE_FULL: x', true, '{}', $3)", [row.id, row.lease, at(1)]);
      expect(await claim(catalog.b, 'b', at(1))).toMatchObject({ attempt: 2 });
    });
  });

  it('claim asks whether it is too late: without that a given-up backup begins anew', async () => {
    await withoutText(catalog.c, CLAIM, 'and c.give_up_at >= p_now', '', async () => {
      await tick(catalog.c, at(0));
      expect(await claim(catalog.b, 'b', at(21 * 3600))).toMatchObject({ attempt: 1 });
    });
  });
});

describe('fencing', () => {
  it('finish asks for the token: without that a zombie’s bytes become the backup', async () => {
    await withoutText(catalog.c, FINISH, 'and b.lease = p_lease', '', async () => {
      const zombie = await takenByA();
      await claim(catalog.b, 'b', at(91));
      expect(await finish(catalog.a, zombie, 'file:///zombie', at(92))).toBe(true);
      expect(await catalog.rows()).toMatchObject([{ storage_uri: 'file:///zombie' }]);
    });
  });

  it('renew asks for the token: without that a zombie never hears that it should stop', async () => {
    await withoutText(catalog.c, RENEW, 'and b.lease = p_lease', '', async () => {
      const zombie = await takenByA();
      await claim(catalog.b, 'b', at(91));
      expect(await renew(catalog.a, zombie, at(92))).toBe(true);
    });
  });

  it('tick spares a runner that is alive: without that its backup ends under it', async () => {
    await withoutText(
      catalog.c,
      TICK,
      'b.give_up_at < p_now and (b.lease is null or b.lease_until < p_now)',
      'b.give_up_at < p_now',
      async () => {
        const row = await takenByA();
        await renew(catalog.a, row, at(20 * 3600));
        await tick(catalog.b, at(20 * 3600 + 10));
        expect(await catalog.rows()).toMatchObject([{ status: 'failed' }]);
      },
    );
  });

  it('cancel asks whether it is still open: without that a finished backup becomes a failure', async () => {
    await withoutText(catalog.c, 'paliad.cancel(uuid,text,timestamptz)', "and b.status = 'running'", '', async () => {
      const row = await takenByA();
      await finish(catalog.a, row, 'file:///x', at(5));
      await catalog.c.query("select paliad.cancel($1, 'anna', $2)", [row.id, at(6)]);
      expect(await catalog.rows()).toMatchObject([{ status: 'failed' }]);
    });
  });
});

describe('one open wish of a person', () => {
  it('because of backups_one_asked: two different nonces at the same time give one row', async () => {
    await interleave(
      catalog,
      (a) => ask(a, 'n1', at(0)),
      (b) => ask(b, 'n2', at(0)),
    );
    expect(await catalog.rows()).toHaveLength(1);
  });

  it('without the index there are two', async () => {
    await without(catalog, 'drop index paliad.backups_one_asked', ONE_ASKED, async () => {
      await interleave(
        catalog,
        (a) => ask(a, 'n1', at(0)),
        (b) => ask(b, 'n2', at(0)),
      );
      expect(await catalog.rows()).toHaveLength(2);
    });
  });

  it('binds plain inserts, too', async () => {
    await plainAsk('n1')(catalog.a);
    await expect(plainAsk('n2')(catalog.b)).rejects.toThrow(/backups_one_asked/);
  });
});

describe('what no program may write', () => {
  it.each([
    ['a lease without an end', 'lease = gen_random_uuid()', 'backups_lease_has_end'],
    ['an end of an open backup', 'finished_at = now()', 'backups_running_has_no_end'],
    ['done without a place', "status = 'done'", 'backups_done_has_uri'],
    ['a digest that is none', "sha256 = 'ABC'", 'backups_sha256_check'],
    ['a state that does not exist', "status = 'paused'", 'backups_status_check'],
  ])('%s', async (_what, change, constraint) => {
    await tick(catalog.c, at(0));
    await expect(catalog.c.query(`update paliad.backups set ${change}`)).rejects.toThrow(constraint);
  });

  it('a lease on a backup that has ended', async () => {
    const row = await takenByA();
    await finish(catalog.a, row, 'file:///x', at(5));
    await expect(catalog.c.query('update paliad.backups set lease = gen_random_uuid(), lease_until = now()')).rejects.toThrow(
      'backups_lease_only_while_running',
    );
  });
});
