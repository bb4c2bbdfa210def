import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setUpCatalog } from '#tests/support/auth-stand-in.ts';
import { createDatabase, type TestDatabase } from '#tests/support/postgres.ts';
import { ARGUMENTS, FUNCTION_CASES, NOBODY, TABLE_CASES, TRIGGER_FUNCTIONS, WHO, type Who } from './rls-table.ts';

const ADMIN = 'a0000000-0000-4000-8000-000000000001';
const MEMBER = 'a0000000-0000-4000-8000-000000000002';
const OTHER = 'a0000000-0000-4000-8000-000000000003';
const FUTURE = 'a0000000-0000-4000-8000-000000000004';

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await createDatabase();
  client = database.client;
  await setUpCatalog(client);
  await client.query(`
    insert into auth.users (id, email) values ('${ADMIN}', 'admin@x'), ('${MEMBER}', 'member@x'), ('${OTHER}', 'other@x'), ('${FUTURE}', 'future@x');
    insert into paliad.users (id, email, global_role) values ('${ADMIN}', 'admin@x', 'global_admin'), ('${MEMBER}', 'member@x', 'member'), ('${OTHER}', 'other@x', 'member');
    insert into paliad.backups (kind, status, requested_by_email, storage_uri) values ('scheduled', 'done', 'system@paliad', 'file:///1'), ('on_demand', 'done', 'admin@x', 'file:///2')`);
});
afterAll(() => database.drop());

const ROLES: Readonly<Record<Who, string>> = { anon: 'anon', member: 'authenticated', admin: 'authenticated', service: 'service_role' };
const SUBJECTS: Readonly<Record<Who, string | null>> = { anon: null, member: MEMBER, admin: ADMIN, service: null };

/** Runs the statement as that role with that person's claims, takes everything back, and says what came of it. */
async function outcomeOf(who: Who, sql: string, values: readonly unknown[] = []): Promise<string> {
  await client.query('begin');
  try {
    await client.query("select set_config('request.jwt.claims', $1, true)", [JSON.stringify({ sub: SUBJECTS[who], role: ROLES[who] })]);
    await client.query(`set local role ${ROLES[who]}`);
    const { rows, command, rowCount, fields } = await client.query(sql, [...values]);
    const [value] = Object.values(rows[0] ?? {});
    if (fields.length === 1 && typeof value === 'boolean') return String(value);
    return command === 'SELECT' ? String(rowCount) : 'ok';
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === '42501') return 'denied';
    throw error;
  } finally {
    await client.query('rollback');
  }
}

const STATEMENTS: Readonly<Record<string, string>> = {
  'users insert': `insert into paliad.users (id, email, global_role) values ('${FUTURE}', 'future@x', 'global_admin')`,
  'users update': "update paliad.users set global_role = 'global_admin'",
  'users delete': `delete from paliad.users where id = '${OTHER}'`,
  'backups insert': "insert into paliad.backups (kind, status, requested_by_email) values ('on_demand', 'running', 'x')",
  'backups update': "update paliad.backups set storage_uri = 'file:///etc/passwd'",
  'backups delete': 'delete from paliad.backups',
  'backup_settings insert': 'insert into paliad.backup_settings default values on conflict do nothing',
  'backup_settings update': 'update paliad.backup_settings set enabled = false',
  'backup_settings delete': 'delete from paliad.backup_settings',
  'system_audit_log insert': "insert into paliad.system_audit_log (actor_email, action) values ('x', 'x')",
  'system_audit_log update': "update paliad.system_audit_log set action = 'x'",
  'system_audit_log delete': 'delete from paliad.system_audit_log',
};

describe('tables, through SQL', () => {
  it.each(TABLE_CASES)('$who: $what on $object is $outcome', async ({ object, what, who, outcome }) => {
    const general = what === 'select' ? `select * from paliad.${object}` : `truncate paliad.${object} cascade`;
    const result = await outcomeOf(who, STATEMENTS[`${object} ${what}`] ?? general);
    if (outcome === 'ok') expect(result).not.toBe('denied');
    else expect(result).toBe(outcome);
  });

  it('a member sees its own row, no other, and cannot guess by conditions', async () => {
    expect(await outcomeOf('member', 'select * from paliad.users where id = $1', [MEMBER])).toBe('1');
    expect(await outcomeOf('member', "select * from paliad.users where id = $1 or email like 'admin%'", [ADMIN])).toBe('0');
  });
});

describe('functions, through SQL', () => {
  it.each(FUNCTION_CASES)('$who: execute $object is $outcome', async ({ object, who, outcome }) => {
    const given = Object.entries(ARGUMENTS[object]);
    const list = given.map(([name], i) => `${name} => $${i + 1}`).join(', ');
    const values = given.map(([, value]) => (typeof value === 'object' && value !== null ? JSON.stringify(value) : value));
    const result = await outcomeOf(who, `select * from paliad.${object}(${list})`, values);
    if (outcome === 'ok') expect(result).not.toBe('denied');
    else expect(result).toBe(outcome);
  });

  it.each(WHO)('%s may execute no function of a trigger', async (who) => {
    for (const name of TRIGGER_FUNCTIONS)
      expect(await outcomeOf(who, `select has_function_privilege('paliad.${name}()', 'execute')`).catch(() => 'denied')).toMatch(
        /false|denied/,
      );
  });

  it('there is no function that these tables do not name', async () => {
    const { rows } = await client.query(
      "select distinct proname as name from pg_proc where pronamespace = 'paliad'::regnamespace order by 1",
    );
    const named = new Set([...FUNCTION_CASES.map((row) => row.object), ...TRIGGER_FUNCTIONS]);
    expect(rows.map((row) => row.name)).toEqual([...named].sort());
  });

  it('there is no table that these tables do not name', async () => {
    const { rows } = await client.query(
      "select relname as name from pg_class where relnamespace = 'paliad'::regnamespace and relkind in ('r', 'v', 'm', 'p', 'f') order by 1",
    );
    expect(rows.map((row) => row.name)).toEqual([...new Set(TABLE_CASES.map((row) => row.object))].sort());
  });
});

describe('a person who loses the role', () => {
  it('sees no backup from the next statement on, in the same session', async () => {
    await client.query("insert into paliad.users (id, email, global_role) values ($1, 'future@x', 'global_admin')", [FUTURE]);
    await client.query("update paliad.users set global_role = 'member' where id = $1", [ADMIN]);
    expect(await outcomeOf('admin', 'select * from paliad.backups')).toBe('0');
    expect(await outcomeOf('admin', 'select paliad.is_admin()')).toBe('false');
    await client.query("update paliad.users set global_role = 'global_admin' where id = $1", [ADMIN]);
    await client.query('delete from paliad.users where id = $1', [FUTURE]);
  });
});

describe('nobody creates anything in the schema', () => {
  it.each(WHO)('%s', async (who) => {
    expect(await outcomeOf(who, 'create table paliad.mine (id int)')).toBe('denied');
    expect(await outcomeOf(who, "create function paliad.is_admin(x int) returns boolean language sql as 'select true'")).toBe('denied');
  });
});

it('ids that are nobody’s change nothing', async () => {
  const { rows } = await client.query('select paliad.renew($1, $1, null) or paliad.cancel($1, $2) as changed', [NOBODY, 'x']);
  expect(rows).toEqual([{ changed: false }]);
});
