import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setUpCatalog } from '#tests/support/auth-stand-in.ts';
import { createDatabase, type TestDatabase } from '#tests/support/postgres.ts';

const SEED = readFileSync(new URL('../../supabase/seed.sql', import.meta.url), 'utf8');
const TABLES = ['courts', 'deadlines', 'documents', 'invoices', 'matter_parties', 'matters', 'notes', 'parties', 'staff', 'time_entries'];

/** A database with the sample organisation, loaded under the given session settings. */
async function load(settings: string, hasAccounts: boolean): Promise<TestDatabase & { seconds: number }> {
  const database = await createDatabase();
  await setUpCatalog(database.client);
  if (hasAccounts)
    await database.client.query("insert into auth.users (email) values ('admin@kanzlei.example'), ('member@kanzlei.example')");
  await database.client.query(settings);
  const start = performance.now();
  await database.client.query('begin');
  await database.client.query(SEED);
  await database.client.query('commit');
  return { ...database, seconds: (performance.now() - start) / 1000 };
}

/** Every row of every table as text, in the order of its key. */
async function contents(database: TestDatabase): Promise<string> {
  await database.client.query("set timezone = 'UTC'; set datestyle = 'ISO, YMD'; set intervalstyle = 'postgres'");
  const parts = TABLES.map(
    (table) => `select '${table}' as name, md5(string_agg(t::text, chr(10) order by t::text collate "C")) as digest from public.${table} t`,
  );
  const { rows } = await database.client.query(`${parts.join(' union all ')} order by name`);
  return JSON.stringify(rows);
}

let database: TestDatabase & { seconds: number };
beforeAll(async () => {
  database = await load('', true);
});
afterAll(() => database.drop());

describe('the sample organisation', () => {
  it('loads in under five seconds and has about 20,000 rows', async () => {
    expect(database.seconds).toBeLessThan(5);
    const { rows } = await database.client.query(
      TABLES.map((table) => `select count(*)::int as n from public.${table}`).join(' union all '),
    );
    const total = rows.reduce((sum, row) => sum + row.n, 0);
    expect(total).toBeGreaterThan(19_000);
    expect(total).toBeLessThan(23_000);
  });

  it('is the same every time, whatever the session’s zone and date style', async () => {
    const [one, other] = [await load('', false), await load("set timezone = 'America/Caracas'; set datestyle = 'German'", false)];
    expect(await contents(other)).toBe(await contents(one));
    await one.drop();
    await other.drop();
  });

  it('refers to both accounts, and has gaps where there are none', async () => {
    const count = async (from: TestDatabase) =>
      (await from.client.query('select count(created_by)::int as n, count(distinct created_by)::int as people from public.matters'))
        .rows[0];
    expect(await count(database)).toEqual({ n: 467, people: 2 });
    const bare = await load('', false);
    expect(await count(bare)).toEqual({ n: 0, people: 0 });
    await bare.drop();
  });

  it.each([
    ['a text longer than a cell of a spreadsheet holds', 'select from public.documents where length(full_text) > 32767'],
    [
      'an empty text beside a missing one',
      "select from public.documents where full_text = '' and exists (select from public.documents where full_text is null)",
    ],
    ['a text that looks like a formula', "select from public.parties where note like '=%'"],
    ['a date from before 1900', "select from public.parties where born_on < '1900-01-01'"],
    ['a number beyond 32 bits', 'select from public.documents where size_bytes > 4294967296'],
    ['negative money', 'select from public.invoices where gross < 0'],
    ['a range without end', 'select from public.matter_parties where upper_inf(involved)'],
    ['an array with an empty text and one with a comma', "select from public.matters where '' = any (tags) and 'a,b' = any (tags)"],
    ['a view with rows', 'select from public.open_matters'],
  ])('has %s', async (_what, query) => {
    expect((await database.client.query(`${query} limit 1`)).rowCount).toBe(1);
  });

  it('guards every table by row-level security', async () => {
    const { rows } = await database.client.query(
      "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' and not relrowsecurity",
    );
    expect(rows).toEqual([]);
  });

  it.each([
    ['anon', null, 'permission denied'],
    ['authenticated', null, 0],
    ['authenticated', 'admin@kanzlei.example', 700],
    ['authenticated', 'member@kanzlei.example', 700],
  ])('shows its matters to %s %s: %s', async (role, email, seen) => {
    const { client } = database;
    await client.query('begin');
    await client.query(
      "select set_config('request.jwt.claims', jsonb_build_object('sub', (select id from auth.users where email = $1))::text, true)",
      [email],
    );
    if (role === 'authenticated') await client.query('grant select on all tables in schema public to authenticated');
    await client.query(`set local role ${role}`);
    const query = client.query('select number from public.matters');
    if (typeof seen === 'string') await expect(query).rejects.toThrow(seen);
    else expect((await query).rowCount).toBe(seen);
    await client.query('rollback');
  });
});
