import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '#lib/backup/diagnosis.ts';
import { examineDatabase } from '#lib/runner/doctor.ts';
import { createDatabase, type TestDatabase } from '#tests/support/postgres.ts';

const EVERYTHING = { schemas: null, excludedSchemas: [], excludedData: [] };
const never = new AbortController().signal;
let database: TestDatabase;
let weakUrl: string;

const ask = async (url: string): Promise<readonly Finding[]> => (await examineDatabase(url, EVERYTHING, never)).findings;
const said = (findings: readonly Finding[], level: Finding['level']): string =>
  findings
    .filter((finding) => finding.level === level)
    .map(({ title, advice }) => `${title} ${advice}`)
    .join('\n');

beforeAll(async () => {
  database = await createDatabase();
  const role = `weak_${new URL(database.url).pathname.slice(1)}`;
  await database.client.query(`
    create table public.letters (id int primary key, body text); insert into public.letters values (1, 'a');
    create table public.ledger (amount numeric);
    create unlogged table public.cache (k text);
    create role ${role} login password 'weak' nobypassrls; alter role ${role} set statement_timeout = '1s';
    select lo_create(0);`);
  const url = new URL(database.url);
  url.username = role;
  url.password = 'weak';
  weakUrl = url.href;
});
afterAll(async () => {
  const role = new URL(weakUrl).username;
  await database.client.query(`drop owned by ${role}; drop role ${role}`);
  await database.drop();
});

describe('the doctor', () => {
  it('finds a database that can be backed up in order, and names what a backup will not hold', async () => {
    const findings = await ask(database.url);
    expect(said(findings, 'stop')).toBe('');
    expect(said(findings, 'ok')).toContain('Every covered table can be read, every row of it.');
    expect(said(findings, 'warn')).toContain('Without a primary key: public.cache, public.ledger.');
    expect(said(findings, 'warn')).toContain('rows of unlogged tables (public.cache); 1 large objects');
  });

  it('stops at tables that the role may not read, names each, and says what to do', async () => {
    const stop = said(await ask(weakUrl), 'stop');
    expect(stop).toContain('public.cache, public.ledger, public.letters');
    expect(stop).toContain('pg_read_all_data');
  });

  it('stops at rows that a policy would hide, and says that the time limits of the role are lifted', async () => {
    const role = new URL(weakUrl).username;
    await database.client.query(
      `grant select on all tables in schema public to ${role}; alter table public.letters enable row level security`,
    );
    const findings = await ask(weakUrl);
    expect(said(findings, 'stop')).toMatch(/Row-level security would hide rows.*public\.letters/);
    expect(said(findings, 'ok')).toContain('statements end after 1 s');
  });

  it('says in one line why a database cannot be reached, without the password', async () => {
    const url = new URL(database.url);
    url.password = 'a-wrong-secret';
    const { findings, examination } = await examineDatabase(url.href, EVERYTHING, never);
    expect(examination).toBeNull();
    expect(findings).toHaveLength(1);
    expect(said(findings, 'stop')).toContain('refused the user name or password');
    expect(JSON.stringify(findings)).not.toContain('a-wrong-secret');
  });

  it('leaves no session and no transaction behind', async () => {
    await ask(database.url);
    await expect
      .poll(
        async () =>
          (await database.client.query("select 1 from pg_stat_activity where application_name = 'Backup Mode (doctor)'")).rowCount,
      )
      .toBe(0);
  });
});
