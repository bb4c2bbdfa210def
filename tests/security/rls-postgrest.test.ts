import { createHmac } from 'node:crypto';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import type pg from 'pg';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listBackups, readBackup, recentBackups } from '#lib/catalog/read.ts';
import type { Database } from '#lib/supabase/database.types.ts';
import { startTestStack } from '#tests/support/stack.ts';
import { ARGUMENTS, type Case, FUNCTION_CASES, NOBODY, TABLE_CASES, TRIGGER_FUNCTIONS, WHO, type Who } from './rls-table.ts';

// The same tables as in rls.test.ts, through the real sign-in and the real API, by people with real tokens.

const OTHER = 'a0000000-0000-4000-8000-000000000003';
const FUTURE = 'a0000000-0000-4000-8000-000000000004';

let stack: Awaited<ReturnType<typeof startTestStack>>;
let owner: pg.Client;
let clients: Readonly<Record<Who, SupabaseClient<Database>>>;
let memberId: string;

beforeAll(async () => {
  stack = await startTestStack();
  owner = new Client({ connectionString: stack.databaseUrl });
  await owner.connect();
  await owner.query(`
    insert into auth.users (id, email) values ('${OTHER}', 'other@x'), ('${FUTURE}', 'future@x');
    insert into paliad.users (id, email, global_role) values ('${OTHER}', 'other@x', 'member');
    insert into paliad.backups (kind, status, requested_by_email, storage_uri) values ('scheduled', 'done', 'system@paliad', 'file:///1'), ('on_demand', 'done', 'admin@x', 'file:///2')`);
  memberId = (await owner.query("select id from paliad.users where email = 'member@kanzlei.example'")).rows[0].id;
  clients = {
    anon: clientWith(stack.publishableKey),
    member: await signedIn('member@kanzlei.example'),
    admin: await signedIn('admin@kanzlei.example'),
    service: clientWith(stack.secretKey),
  };
});
afterAll(async () => {
  await owner?.end();
  await stack?.stop();
});

function clientWith(key: string, token?: string): SupabaseClient<Database> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return createClient<Database>(stack.apiUrl, key, { auth: { persistSession: false, autoRefreshToken: false }, global: { headers } });
}

async function signedIn(email: string): Promise<SupabaseClient<Database>> {
  const client = clientWith(stack.publishableKey);
  const password = stack.signIns.find((signIn) => signIn.email === email)?.password ?? '';
  const { error } = await client.auth.signInWithPassword({ email, password });
  if (error !== null) throw error;
  return client;
}

type Answer = { readonly error: { code: string } | null; readonly data: unknown };

/** denied, a number of rows, or the answer of a call. */
function outcomeOf({ error, data }: Answer): string {
  if (error !== null) {
    if (error.code === '42501') return 'denied';
    throw Object.assign(new Error(`unexpected: ${JSON.stringify(error)}`), { cause: error });
  }
  return Array.isArray(data) ? String(data.length) : typeof data === 'boolean' ? String(data) : 'ok';
}

/** The request of a case. What the API has no word for (truncate) is not asked. */
async function ask({ object, what, who }: Case): Promise<string> {
  const client = clients[who].schema('paliad');
  switch (`${object} ${what}`) {
    case 'users insert':
      return outcomeOf(await client.from('users').insert({ id: FUTURE, email: 'future@x', global_role: 'global_admin' }));
    case 'users update':
      return outcomeOf(await client.from('users').update({ display_name: who }).eq('id', memberId));
    case 'users delete':
      return outcomeOf(await client.from('users').delete().eq('id', FUTURE));
    case 'backups insert':
      return outcomeOf(await client.from('backups').insert({ id: OTHER, kind: 'on_demand', status: 'running', requested_by_email: 'x' }));
    case 'backups update':
      return outcomeOf(await client.from('backups').update({ storage_uri: 'file:///etc/passwd' }).eq('id', OTHER));
    case 'backups delete':
      return outcomeOf(await client.from('backups').delete().eq('id', OTHER));
    case 'backup_settings insert':
      return outcomeOf(await client.from('backup_settings').upsert({ one: true }, { onConflict: 'one', ignoreDuplicates: true }));
    case 'backup_settings update':
      return outcomeOf(await client.from('backup_settings').update({ sheet_cells: 1 }).eq('one', true));
    case 'backup_settings delete':
      return outcomeOf(await client.from('backup_settings').delete().eq('one', false));
    case 'system_audit_log insert':
      return outcomeOf(await client.from('system_audit_log').insert({ actor_email: 'x', action: 'x' }));
    case 'system_audit_log update':
      return outcomeOf(await client.from('system_audit_log').update({ action: 'x' }).neq('action', 'x'));
    case 'system_audit_log delete':
      return outcomeOf(await client.from('system_audit_log').delete().neq('action', 'x'));
    default:
      return outcomeOf(await get(who, object));
  }
}

/** A plain read and a plain call, without the help of types: tables and functions that the types do not offer are asked for, too. */
async function get(who: Who, object: string): Promise<Answer> {
  return request(who, `${object}?select=*`, {});
}
async function call(who: Who, name: string, args: Readonly<Record<string, unknown>>): Promise<Answer & { readonly status: number }> {
  return request(who, `rpc/${name}`, { method: 'POST', body: JSON.stringify(args) });
}
async function request(who: Who, path: string, init: RequestInit): Promise<Answer & { readonly status: number }> {
  const { data } = await clients[who].auth.getSession();
  const key = who === 'service' ? stack.secretKey : stack.publishableKey;
  const headers: Record<string, string> = {
    apikey: key,
    'accept-profile': 'paliad',
    'content-profile': 'paliad',
    'content-type': 'application/json',
  };
  if (data.session !== null) headers.authorization = `Bearer ${data.session.access_token}`;
  const response = await fetch(`${stack.apiUrl}/rest/v1/${path}`, { ...init, headers });
  const text = await response.text();
  const body: unknown = text === '' ? null : JSON.parse(text);
  const code = typeof body === 'object' && body !== null && 'code' in body ? String(body.code) : `HTTP ${response.status}`;
  return { status: response.status, error: response.ok ? null : { code }, data: body };
}

describe('tables, through the API', () => {
  // Reads first: what the server itself may do changes what others would count.
  const cases = TABLE_CASES.filter((row) => row.what !== 'truncate').toSorted(
    (a, b) => Number(a.what !== 'select') - Number(b.what !== 'select'),
  );
  it.each(cases)('$who: $what on $object is $outcome', async (row) => {
    const result = await ask(row);
    if (row.outcome === 'ok') expect(result).not.toBe('denied');
    else expect(result).toBe(row.outcome);
  });
});

it('what the API server grants to everybody at its first request is taken back whole: tables, sequences, functions, defaults', async () => {
  const { rows } = await owner.query(`
    select g.grantee || ' ' || g.table_name as who, string_agg(g.privilege_type, ' ' order by g.privilege_type) as may
      from information_schema.role_table_grants g where g.table_schema = 'paliad' and g.grantee in ('anon', 'authenticated', 'service_role', 'PUBLIC') group by 1
    union all select 'sequence ' || c.relname, a.privilege_type from pg_class c, aclexplode(c.relacl) a where c.relnamespace = 'paliad'::regnamespace and c.relkind = 'S' and a.grantee <> c.relowner
    union all select 'default ' || d.defaclobjtype::text, a.privilege_type from pg_default_acl d, aclexplode(d.defaclacl) a where d.defaclnamespace = 'paliad'::regnamespace and a.grantee <> d.defaclrole
    union all select 'anyone may use the schema', a.privilege_type from pg_namespace n, aclexplode(n.nspacl) a where n.nspname = 'paliad' and a.grantee in (0, 'anon'::regrole)
    order by 1`);
  expect(rows.map((row) => `${row.who}: ${row.may}`)).toEqual([
    'authenticated backup_settings: SELECT',
    'authenticated backups: SELECT',
    'authenticated system_audit_log: SELECT',
    'authenticated users: SELECT',
    'service_role backup_settings: DELETE INSERT SELECT UPDATE',
    'service_role backups: DELETE INSERT SELECT UPDATE',
    'service_role system_audit_log: SELECT',
    'service_role users: DELETE INSERT SELECT UPDATE',
  ]);
});

describe('functions, through the API', () => {
  it.each(FUNCTION_CASES)('$who: execute $object is $outcome', async ({ object, who, outcome }) => {
    const result = outcomeOf(await call(who, object, ARGUMENTS[object]));
    if (outcome === 'ok') expect(result).not.toBe('denied');
    else expect(result).toBe(outcome);
  });

  it.each(WHO)('%s can call no function of a trigger', async (who) => {
    for (const name of TRIGGER_FUNCTIONS) expect((await call(who, name, {})).error, name).not.toBeNull();
  });
});

describe('tokens that are none of ours', () => {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const token = (head: object, claims: object, secret: string) => {
    const signed = `${part(head)}.${part(claims)}`;
    return `${signed}.${secret === '' ? '' : createHmac('sha256', secret).update(signed).digest('base64url')}`;
  };
  const claims = (seconds: number) => ({
    sub: NOBODY,
    role: 'service_role',
    aud: 'authenticated',
    exp: Math.floor(Date.now() / 1000) + seconds,
  });
  it.each([
    ['signed with another secret', () => token({ alg: 'HS256', typ: 'JWT' }, claims(3600), 'another secret')],
    ['not signed at all', () => token({ alg: 'none', typ: 'JWT' }, claims(3600), '')],
    ['expired', () => token({ alg: 'HS256', typ: 'JWT' }, claims(-3600), 'another secret')],
    ['no token', () => 'nonsense'],
  ])('%s: no row, whatever role it claims', async (_what, make) => {
    const { data, error } = await clientWith(stack.publishableKey, make()).schema('paliad').from('users').select('*');
    expect(data ?? []).toEqual([]);
    expect(error).not.toBeNull();
  });

  it('a key that is none of ours opens nothing', async () => {
    const { data, error } = await clientWith('sb_secret_wrong').schema('paliad').from('users').select('*');
    expect([data ?? [], error === null]).toEqual([[], false]);
  });
});

describe('the console’s reads', () => {
  // What the server's own calls above have left.
  beforeAll(() => owner.query("delete from paliad.backups where status = 'running'"));
  const page = { sort: { by: 'started', descending: true }, page: 1, pageSize: 10 } as const;

  it('show an administrator what there is, in pages, by state, kind and order', async () => {
    const { backups, total } = await listBackups(clients.admin, page);
    expect(total).toBe(2);
    expect(backups.map((backup) => backup.state)).toEqual(['done', 'done']);
    const pages = [
      await listBackups(clients.admin, { ...page, pageSize: 1 }),
      await listBackups(clients.admin, { ...page, page: 2, pageSize: 1 }),
    ];
    expect(new Set(pages.flatMap((one) => one.backups.map((backup) => backup.id))).size).toBe(2);
    expect(await listBackups(clients.admin, { ...page, page: 9 })).toEqual({ backups: [], total: 2 });
    expect(
      (await listBackups(clients.admin, { ...page, states: ['waiting', 'retrying', 'running', 'stalled', 'failed', 'cleaned_up'] })).total,
    ).toBe(0);
    expect((await listBackups(clients.admin, { ...page, states: ['done', 'failed'], kind: 'scheduled' })).backups).toMatchObject([
      { kind: 'scheduled' },
    ]);
    expect((await readBackup(clients.admin, backups[0].id))?.id).toBe(backups[0].id);
    expect(await recentBackups(clients.admin, 1)).toHaveLength(1);
  });

  it('find each state, and only that, by the condition on its columns', async () => {
    const { rows } = await owner.query(`
      insert into paliad.backups (kind, status, requested_by_email, attempt, lease, lease_until, runner, storage_uri, deleted_at, started_at) values
        ('scheduled', 'running', 'waiting', 0, null, null, null, null, null, '2020-01-01'), ('scheduled', 'running', 'retrying', 1, null, null, 'r', null, null, '2020-01-02'),
        ('scheduled', 'failed', 'failed', 1, null, null, 'r', null, null, '2020-01-03'), ('scheduled', 'done', 'cleaned_up', 1, null, null, 'r', 'file:///x', now(), '2020-01-04'),
        ('scheduled', 'running', 'running', 1, gen_random_uuid(), now() + interval '1 hour', 'r', null, null, '2020-01-05') returning id`);
    const find = async (state: 'waiting' | 'retrying' | 'running' | 'stalled' | 'failed' | 'cleaned_up') =>
      (await listBackups(clients.admin, { ...page, states: [state] })).backups.map((backup) => [backup.state, backup.requestedByEmail]);
    for (const state of ['waiting', 'retrying', 'failed', 'cleaned_up', 'running'] as const)
      expect(await find(state)).toEqual([[state, state]]);
    await owner.query("update paliad.backups set lease_until = now() - interval '1 hour' where lease is not null");
    expect(await find('stalled')).toEqual([['stalled', 'running']]);
    await owner.query('delete from paliad.backups where id = any ($1)', [rows.map((row) => row.id)]);
  });

  it('show a member nothing, and find nothing under an id that is none', async () => {
    const { backups } = await listBackups(clients.admin, page);
    expect(await listBackups(clients.member, page)).toEqual({ backups: [], total: 0 });
    expect(await readBackup(clients.member, backups[0].id)).toBeNull();
    expect(await readBackup(clients.admin, NOBODY)).toBeNull();
    expect(await readBackup(clients.admin, "1' or '1'='1")).toBeNull();
  });

  it('say that the catalog cannot be read when it cannot', async () => {
    await expect(listBackups(clients.anon, page)).rejects.toMatchObject({ code: 'CATALOG_UNREACHABLE' });
  });
});

it('an administrator who loses the role sees nothing with the token of before', async () => {
  await owner.query("update paliad.users set global_role = 'global_admin' where id = $1", [OTHER]);
  await owner.query("update paliad.users set global_role = 'member' where email = 'admin@kanzlei.example'");
  expect((await listBackups(clients.admin, { sort: { by: 'started', descending: true }, page: 1, pageSize: 10 })).total).toBe(0);
});
