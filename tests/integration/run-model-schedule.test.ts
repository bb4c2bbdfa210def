import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setUpCatalog } from '#tests/support/auth-stand-in.ts';
import { createDatabase, type TestDatabase } from '#tests/support/postgres.ts';

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await createDatabase();
  client = database.client;
  await setUpCatalog(client);
});
afterAll(() => database.drop());

async function schedule(firstLocal: string, every: string, zone: string): Promise<void> {
  await client.query('update paliad.backup_settings set first_local = $1, every = $2, zone = $3', [firstLocal, every, zone]);
}

/** Every slot that somebody who looks each `step` during the year would have seen. */
async function slotsOf(year: number, step: string): Promise<{ slot: string; due_at: Date }[]> {
  const { rows } = await client.query(
    `select distinct s.slot, s.due_at from generate_series(make_timestamptz($1, 1, 1, 0, 0, 0, 'UTC'), make_timestamptz($1 + 1, 1, 1, 0, 0, 0, 'UTC'), $2::interval) t,
            lateral paliad.slot_at(t) s where s.slot like 'slot/' || $1 || '-%' order by s.due_at`,
    [year, step],
  );
  return rows;
}

describe('every day at 02:30 on the clock of the wall', () => {
  it.each([
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
    'America/St_Johns',
    'Pacific/Chatham',
    'Africa/Casablanca',
  ])(
    '%s: a year has exactly one moment for each local date, clock changes included',
    async (zone) => {
      await schedule('2025-12-31 02:30', '1 day', zone);
      const slots = await slotsOf(2026, '30 minutes');
      expect(slots.map((row) => row.slot.slice(5, 15))).toEqual(
        Array.from({ length: 365 }, (_, day) => new Date(Date.UTC(2026, 0, 1 + day)).toISOString().slice(0, 10)),
      );
      expect(new Set(slots.map((row) => row.due_at.getTime())).size).toBe(365);
    },
    120_000,
  );

  it('where the hour is skipped it comes an hour later, where it is repeated the second time', async () => {
    await schedule('2026-01-01 02:30', '1 day', 'Europe/Berlin');
    const dueAt = async (now: string) => (await client.query('select due_at from paliad.slot_at($1)', [now])).rows[0].due_at.toISOString();
    expect(await dueAt('2026-03-29T12:00Z')).toBe('2026-03-29T01:30:00.000Z'); // 03:30 in Berlin
    expect(await dueAt('2026-10-25T12:00Z')).toBe('2026-10-25T01:30:00.000Z');
  });
});

describe('the latest moment', () => {
  it.each([
    ['1 hour', '2027-03-05 13:59:59Z', 'slot/2027-03-05T13:00'],
    ['6 hours', '2027-03-05 13:59:59Z', 'slot/2027-03-05T08:00'],
    ['1 day', '2031-03-05 01:59:59Z', 'slot/2031-03-04T02:00'],
    ['1 day', '2031-03-05 02:00:00Z', 'slot/2031-03-05T02:00'],
    ['7 days', '2027-03-05 02:00:00Z', 'slot/2027-03-04T02:00'],
    ['1 month', '2027-03-31 12:00:00Z', 'slot/2027-03-31T02:00'],
    ['1 month', '2027-02-28 12:00:00Z', 'slot/2027-02-28T02:00'],
    ['1 year', '2040-01-01 00:00:00Z', 'slot/2039-12-31T02:00'],
  ])('every %s, seen at %s: %s', async (every, now, slot) => {
    const first = every.includes('month') || every.includes('year') ? '2026-12-31 02:00' : '2026-01-01 02:00';
    await schedule(first, every, 'UTC');
    expect((await client.query('select slot from paliad.slot_at($1)', [now])).rows).toEqual([{ slot }]);
  });

  it('before the first there is none', async () => {
    await schedule('2026-01-01 02:00', '1 day', 'UTC');
    expect((await client.query("select * from paliad.slot_at('2026-01-01 01:59:59Z')")).rows).toEqual([{ slot: null, due_at: null }]);
  });

  it('is found at once also after ten years of every hour', async () => {
    await schedule('2016-01-01 02:00', '1 hour', 'Europe/Berlin');
    const start = performance.now();
    await client.query("select * from paliad.slot_at('2026-11-24 02:00Z')");
    expect(performance.now() - start).toBeLessThan(50);
  });
});

describe('a schedule that makes no sense is refused when it is written', () => {
  it.each([
    ["zone = 'Europe/Bielefeld'", /time zone/],
    ["every = '59 minutes'", /every_check/],
    ["every = '-1 day'", /every_check/],
    ["catch_up = '0'", /catch_up_check/],
    ['sheet_cells = -1', /sheet_cells_check/],
  ])('%s', async (change, message) => {
    await expect(client.query(`update paliad.backup_settings set ${change}`)).rejects.toThrow(message);
  });

  it('and there is one row of settings, no more', async () => {
    await expect(client.query('insert into paliad.backup_settings default values')).rejects.toThrow(/backup_settings_pkey/);
    await expect(client.query('insert into paliad.backup_settings (one) values (false)')).rejects.toThrow(/one_row/);
  });
});
