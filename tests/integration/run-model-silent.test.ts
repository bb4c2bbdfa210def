import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ask, at, claim, finish, interleave, openRaceCatalog, type RaceCatalog, renew, tick } from './run-model-database.ts';

let catalog: RaceCatalog;
beforeAll(async () => {
  catalog = await openRaceCatalog();
});
beforeEach(() => catalog.reset());
afterAll(() => catalog.drop());

/** A scheduled backup that runner `a` took at its moment and has been silent about since; its next try is at +24 min. */
async function deadWithALaterTry() {
  await tick(catalog.c, at(0));
  const row = await claim(catalog.a, 'a', at(0));
  if (row === undefined) throw new Error('there was nothing to claim');
  await catalog.c.query('update paliad.backups set next_try_at = $1', [at(24 * 60)]);
  return row;
}

describe('a dead runner’s backup whose next try lies ahead', () => {
  it('keeps no other waiting, and is taken when its time has come', async () => {
    const row = await deadWithALaterTry();
    const asked = await ask(catalog.c, 'n1', at(2 * 60));
    const taken = await claim(catalog.b, 'b', at(2 * 60));
    expect(taken).toMatchObject({ id: asked.id, attempt: 1, warnings: [] });
    expect((await catalog.rows())[0]).toMatchObject({
      id: row.id,
      lease: null,
      lease_until: null,
      next_try_at: at(24 * 60),
      warnings: ['Attempt 1: the runner a went silent.'],
    });
    if (taken !== undefined) await finish(catalog.b, taken, 'file:///x', at(3 * 60));
    expect(await claim(catalog.b, 'b', at(24 * 60 - 1))).toBeUndefined();
    expect(await claim(catalog.b, 'b', at(24 * 60))).toMatchObject({ id: row.id, attempt: 2 });
  });

  it('whose lease was released for another backup’s sake can neither renew nor finish, and says so once', async () => {
    const row = await deadWithALaterTry();
    await claim(catalog.b, 'b', at(91));
    await claim(catalog.b, 'b', at(92));
    expect([await renew(catalog.a, row, at(93)), await finish(catalog.a, row, 'file:///zombie', at(93))]).toEqual([false, false]);
    expect(await catalog.rows()).toMatchObject([
      { status: 'running', lease: null, attempt: 1, storage_uri: null, warnings: ['Attempt 1: the runner a went silent.'] },
    ]);
  });

  it('release, then finish at the same time: the finish is refused', async () => {
    const row = await deadWithALaterTry();
    const asked = await ask(catalog.c, 'n1', at(0));
    const [taken, kept] = await interleave(
      catalog,
      (a) => claim(a, 'b', at(100)),
      (b) => finish(b, row, 'file:///zombie', at(100)),
    );
    expect([taken?.id, kept]).toEqual([asked.id, false]);
  });

  it('finish, then release at the same time: done, with no word of silence, and the other backup is taken', async () => {
    const row = await deadWithALaterTry();
    const asked = await ask(catalog.c, 'n1', at(0));
    const [kept, taken] = await interleave(
      catalog,
      (a) => finish(a, row, 'file:///x', at(100)),
      (b) => claim(b, 'b', at(100)),
    );
    expect([kept, taken?.id]).toEqual([true, asked.id]);
    expect((await catalog.rows()).find(({ id }) => id === row.id)).toMatchObject({ status: 'done', warnings: [] });
  });

  it('two claims at the same time after it: one lease, one word of silence', async () => {
    await deadWithALaterTry();
    const asked = await ask(catalog.c, 'n1', at(0));
    const [first, second] = await interleave(
      catalog,
      (a) => claim(a, 'b', at(100)),
      (b) => claim(b, 'c', at(100)),
    );
    expect([first?.id, second]).toEqual([asked.id, undefined]);
    expect((await catalog.rows()).map(({ warnings }) => warnings).sort()).toEqual([[], ['Attempt 1: the runner a went silent.']]);
  });

  it('past its time, released before, it is given up with the same words', async () => {
    await deadWithALaterTry();
    await claim(catalog.b, 'b', at(91));
    await tick(catalog.b, at(20 * 3600 + 1));
    expect(await catalog.rows()).toMatchObject([{ error: 'RUN_GAVE_UP: Attempt 1: the runner a went silent.' }]);
  });
});
