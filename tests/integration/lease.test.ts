import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ask, claim, tick, type Wish } from '#lib/catalog/write.ts';
import { Lease } from '#lib/runner/lease.ts';
import type { TestDatabase } from '#tests/support/postgres.ts';
import { createMigratedDatabase } from '#tests/support/stack.ts';
import { openPlace, openWay, type Way } from './loop-place.ts';

const LEASE_SECONDS = 2;
let database: TestDatabase;
beforeAll(async () => {
  database = await createMigratedDatabase();
  await database.client.query('update paliad.backup_settings set enabled = false');
});
afterEach(() => database.client.query('delete from paliad.backups'));
afterAll(() => database.drop());

/** A lease that is kept over a way of its own, renewed at least once. */
async function keptOver(way: Way): Promise<{ lease: Lease; keeping: Promise<void> }> {
  const place = await openPlace(database, { catalogUrl: way.url });
  await ask(place.catalog, randomUUID(), { id: randomUUID(), email: 'anna@example.org' });
  const wish: Wish = (await claim(place.catalog, 'a test', LEASE_SECONDS)) ?? expect.fail('another one is at work');
  const lease = new Lease(place, wish, LEASE_SECONDS);
  const until = async () => (await database.client.query('select lease_until from paliad.backups')).rows[0].lease_until.getTime();
  const begun = await until();
  const keeping = lease.keep();
  await expect.poll(until, { timeout: 5000 }).toBeGreaterThan(begun);
  return { lease, keeping };
}

/** Milliseconds until it happens. */
async function msUntil(what: Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await what;
  return performance.now() - begun;
}

/** Resolves as soon as the lease is lost. */
function loss({ lost }: Lease): Promise<unknown> {
  return new Promise((resolve) => lost.addEventListener('abort', resolve, { once: true }));
}

describe('a catalog that falls silent, its connections open', () => {
  it('loses the lease when it has run out, not when the renewal is given up', async () => {
    const way = await openWay(database.url);
    const { lease, keeping } = await keptOver(way);
    way.hush();
    expect(await msUntil(loss(lease))).toBeLessThan(LEASE_SECONDS * 1000 + 500);
    expect(lease.lost.reason).toMatchObject({ code: 'LEASE_LOST' });
    await keeping;
    way.cut();
  });

  it('keeps nobody from ending: the renewal under way is left alone', async () => {
    const way = await openWay(database.url);
    const { lease, keeping } = await keptOver(way);
    way.hush();
    await new Promise((resolve) => setTimeout(resolve, LEASE_SECONDS * 500)); // long enough for a renewal to be under way
    lease.end();
    expect(await msUntil(keeping)).toBeLessThan(200);
    expect(lease.lost.aborted).toBe(false);
    way.cut();
  });

  it('is out of reach after 20 s, for whoever asks', async () => {
    const way = await openWay(database.url);
    const { catalog } = await openPlace(database, { catalogUrl: way.url });
    await tick(catalog);
    way.hush();
    await expect(tick(catalog)).rejects.toMatchObject({ code: 'CATALOG_UNREACHABLE' });
  }, 30_000);
});

it('a catalog that answers keeps the lease for as long as the work lasts', async () => {
  const { lease, keeping } = await keptOver(await openWay(database.url));
  await new Promise((resolve) => setTimeout(resolve, LEASE_SECONDS * 1500));
  expect(lease.lost.aborted).toBe(false);
  lease.end();
  await keeping;
});
