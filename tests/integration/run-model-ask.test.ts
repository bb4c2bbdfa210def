import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ask, at, claim, finish, interleave, openRaceCatalog, type RaceCatalog, renew, tick } from './run-model-database.ts';

let catalog: RaceCatalog;
beforeAll(async () => {
  catalog = await openRaceCatalog();
});
beforeEach(() => catalog.reset());
afterAll(() => catalog.drop());

describe('a person’s wish', () => {
  it('is a new row, due now, given up after an hour', async () => {
    expect(await ask(catalog.a, 'n1', at(0))).toMatchObject({ is_new: true });
    expect(await catalog.rows()).toMatchObject([{ slot: 'asked/n1', status: 'running', attempt: 0, due_at: at(0), give_up_at: at(3600) }]);
  });

  it('the same nonce twice gives the same row, also at the same time', async () => {
    const [first, second] = await interleave(
      catalog,
      (a) => ask(a, 'n1', at(0)),
      (b) => ask(b, 'n1', at(0)),
    );
    expect([first.is_new, second.is_new, second.id]).toEqual([true, false, first.id]);
  });

  it('the same nonce gives the same row for ever, also after it has ended: a form sent again starts nothing', async () => {
    const first = await ask(catalog.a, 'n1', at(0));
    const row = await claim(catalog.a, 'a', at(1));
    if (row !== undefined) await finish(catalog.a, row, 'file:///x', at(2));
    expect(await ask(catalog.b, 'n1', at(3))).toEqual({ id: first.id, is_new: false });
    expect(await ask(catalog.b, 'n2', at(3))).toMatchObject({ is_new: true });
  });

  it('two nonces while one is open give one row', async () => {
    const first = await ask(catalog.a, 'n1', at(0));
    expect(await ask(catalog.b, 'n2', at(1))).toEqual({ id: first.id, is_new: false });
    expect(await catalog.rows()).toHaveLength(1);
  });

  it('fifty people at once get one backup, one of them a new one, none an error; fifty runners get one lease', async () => {
    const clients = await Promise.all(Array.from({ length: 50 }, catalog.connect));
    try {
      const answers = await Promise.all(clients.map((client, i) => ask(client, `n${i}`, at(0))));
      expect(new Set(answers.map((answer) => answer.id)).size).toBe(1);
      expect(answers.filter((answer) => answer.is_new)).toHaveLength(1);
      const claims = await Promise.all(clients.map((client, i) => claim(client, `r${i}`, at(1))));
      expect(claims.filter((row) => row !== undefined)).toHaveLength(1);
    } finally {
      await Promise.all(clients.map((client) => client.end()));
    }
  });

  it.each(['', null, 'x'.repeat(201)])('without a usable nonce is refused: %#', async (nonce) => {
    await expect(catalog.a.query("select * from paliad.ask($1, null, 'x')", [nonce])).rejects.toThrow(/nonce/);
  });

  it('of somebody who is not in paliad.users is kept under the e-mail alone', async () => {
    await catalog.a.query("select * from paliad.ask('n1', gen_random_uuid(), 'gone@example.org')");
    expect(await catalog.rows()).toMatchObject([{ requested_by: null, requested_by_email: 'gone@example.org' }]);
  });
});

describe('the plain inserts and updates of the catalog keep working', () => {
  const begin = async (client: pg.Client, kind: string): Promise<string> =>
    (
      await client.query(
        "insert into paliad.backups (kind, status, requested_by_email) values ($1, 'running', 'system@paliad') returning id",
        [kind],
      )
    ).rows[0].id;

  it.each(['scheduled', 'on_demand'])('a %s row that is inserted as running and updated to done', async (kind) => {
    const id = await begin(catalog.a, kind);
    await catalog.a.query(
      "update paliad.backups set status = 'done', storage_uri = 'file:///x', size_bytes = 1, finished_at = now() where id = $1",
      [id],
    );
    expect(await catalog.rows()).toMatchObject([{ id, status: 'done', storage_uri: 'file:///x' }]);
  });

  it('a row that is updated to failed', async () => {
    const id = await begin(catalog.a, 'scheduled');
    await catalog.a.query("update paliad.backups set status = 'failed', error = 'disk died', finished_at = now() where id = $1", [id]);
    expect(await catalog.rows()).toMatchObject([{ status: 'failed', error: 'disk died' }]);
  });

  it('also when a runner has claimed the row meanwhile: the runner then hears that it is over', async () => {
    const id = await begin(catalog.a, 'scheduled');
    const row = await claim(catalog.b, 'b', new Date(Date.now() + 1000));
    if (row === undefined) throw new Error('there was nothing to claim');
    await catalog.a.query("update paliad.backups set status = 'failed', error = 'x', finished_at = now() where id = $1", [id]);
    expect([await renew(catalog.b, row, at(0)), await finish(catalog.b, row, 'file:///x', at(0))]).toEqual([false, false]);
  });

  it('several rows of the past, done at once', async () => {
    await catalog.a.query(`insert into paliad.backups (kind, status, requested_by_email, storage_uri, finished_at)
      select 'on_demand', 'done', 'x', 'file:///' || i, now() from generate_series(1, 5) i`);
    expect(await tick(catalog.a, at(-1))).toBe(false);
    expect(await catalog.rows()).toHaveLength(6); // with the missed one of the schedule
  });
});
