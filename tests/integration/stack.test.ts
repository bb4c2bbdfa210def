import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@supabase/supabase-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Stack, startStack } from '#scripts/stack.ts';
import { withClient } from '#tests/support/postgres.ts';
import { createMigratedDatabase, startTestStack } from '#tests/support/stack.ts';
import { THROWAWAY_SETTINGS } from '#tests/support/throwaway.ts';

let stack: Stack & { dataFolder: string };
beforeAll(async () => {
  stack = await startTestStack({ isSeeded: true });
});
afterAll(() => stack.stop());

async function signedIn(index: number, running: Stack = stack) {
  const client = createClient(running.apiUrl, running.publishableKey, { auth: { persistSession: false }, db: { schema: 'paliad' } });
  const { email = '', password = '' } = running.signIns[index] ?? {};
  const { error } = await client.auth.signInWithPassword({ email, password });
  expect(error).toBeNull();
  return client;
}

describe('the embedded project', () => {
  it('lets both accounts of the first start sign in, each seeing what its role may see', async () => {
    expect(stack.isFirstStart).toBe(true);
    const admin = await (await signedIn(0)).from('users').select('email, global_role').order('email');
    expect(admin.data).toEqual([
      { email: 'admin@kanzlei.example', global_role: 'global_admin' },
      { email: 'member@kanzlei.example', global_role: 'member' },
    ]);
    const member = await (await signedIn(1)).from('users').select('email');
    expect(member.data).toEqual([{ email: 'member@kanzlei.example' }]);
  });

  it('has taken back what the API grants to everybody', async () => {
    const { rows } = await withClient(stack.databaseUrl, (client) =>
      client.query(`select table_name, grantee, privilege_type from information_schema.role_table_grants
        where table_schema = 'paliad' and grantee in ('anon', 'authenticated') and (grantee = 'anon' or privilege_type <> 'SELECT')`),
    );
    expect(rows).toEqual([]);
    const { error } = await (await signedIn(0)).from('users').update({ global_role: 'global_admin' }).eq('email', 'member@kanzlei.example');
    expect(error?.code).toBe('42501');
  });

  it('keeps keys and sign-ins readable by their owner alone', () => {
    for (const name of ['secrets.json', 'sign-ins.txt', 'supabase.log', 'postgres.log']) {
      expect(statSync(join(stack.dataFolder, name)).mode & 0o077, name).toBe(0);
    }
    for (const { password } of stack.signIns) expect(readFileSync(stack.signInsFile, 'utf8')).toContain(password);
  });

  it('answers with the same keys and people after a restart, and seeds only once', async () => {
    const said: string[] = [];
    const options = {
      dataFolder: join(stack.dataFolder, 'another'),
      siteUrl: 'http://127.0.0.1:3000',
      settings: THROWAWAY_SETTINGS,
      say: (s: string) => said.push(s),
    };
    const first = await startStack(options);
    await first.stop();
    said.length = 0;
    const second = await startStack(options);
    expect(second).toMatchObject({ isFirstStart: false, publishableKey: first.publishableKey, signIns: first.signIns });
    expect(said).toEqual([]);
    const { data } = await (await signedIn(0, second)).from('users').select('email');
    expect(data).toHaveLength(2);
    await second.stop();
    await expect(withClient(second.databaseUrl, (client) => client.query('select 1'))).rejects.toThrow('ECONNREFUSED');
  });
});

describe('a migrated database', () => {
  it('has every migration, applied once, and changes nothing when they are applied again', async () => {
    const database = await createMigratedDatabase();
    const { rows } = await database.client.query("select to_regclass('paliad.backups') is not null as is_there");
    expect(rows).toEqual([{ is_there: true }]);
    await database.drop();
  });
});
