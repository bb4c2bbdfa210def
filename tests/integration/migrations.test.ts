import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AUTH_STAND_IN, applyMigrations, migrationNames, setUpCatalog } from '#tests/support/auth-stand-in.ts';
import { createDatabase, createDatabaseOn, startPostgres15, type TestDatabase } from '#tests/support/postgres.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
  await setUpCatalog(database.client);
});
afterAll(() => database.drop());

/** Everything that a migration can define in schema paliad, and every row there, as text that can be compared. */
async function dump(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query(`
    select 'column ' || c.table_name || '.' || c.column_name || ' ' || c.data_type || ' ' || c.is_nullable || ' ' || coalesce(c.column_default, '') as line
      from information_schema.columns c where c.table_schema = 'paliad'
    union all select 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) from pg_constraint where connamespace = 'paliad'::regnamespace
    union all select 'index ' || indexdef from pg_indexes where schemaname = 'paliad'
    union all select 'function ' || pg_get_functiondef(oid) from pg_proc where pronamespace = 'paliad'::regnamespace
    union all select 'trigger ' || tgenabled::text || ' ' || pg_get_triggerdef(t.oid) from pg_trigger t join pg_class c on c.oid = t.tgrelid
      where c.relnamespace = 'paliad'::regnamespace and not tgisinternal
    union all select 'policy ' || p::text from pg_policies p where schemaname = 'paliad'
    union all select 'security ' || relname || ' ' || relrowsecurity || relforcerowsecurity from pg_class where relnamespace = 'paliad'::regnamespace
    union all select 'comment ' || classoid::regclass || ' ' || coalesce(c.relname, f.proname, '') || ' ' || objsubid || ' ' || description
      from pg_description d left join pg_class c on c.oid = d.objoid and d.classoid = 'pg_class'::regclass left join pg_proc f on f.oid = d.objoid and d.classoid = 'pg_proc'::regclass
      where 'paliad'::regnamespace in (c.relnamespace, f.pronamespace)
    union all select 'grant ' || o.name || ' ' || a.grantee::regrole || ' ' || a.privilege_type || a.is_grantable from (
        select nspname as name, nspacl as acl from pg_namespace where nspname = 'paliad'
        union all select relname, relacl from pg_class where relnamespace = 'paliad'::regnamespace
        union all select oid::regprocedure::text, proacl from pg_proc where pronamespace = 'paliad'::regnamespace
        union all select 'defaults ' || defaclobjtype::text, defaclacl from pg_default_acl where defaclnamespace = 'paliad'::regnamespace) o, aclexplode(o.acl) a
    union all select 'setting ' || s::text from paliad.backup_settings s
    union all select 'log ' || l::text from paliad.system_audit_log l
    union all select 'backup ' || b::text from paliad.backups b
    order by 1`);
  return rows.map((row) => row.line);
}

describe('applying all migrations twice', () => {
  it('changes nothing: no definition, no grant, no comment, no row', async () => {
    await database.client.query(
      "insert into paliad.backups (kind, status, requested_by_email) values ('scheduled', 'running', 'system@paliad')",
    );
    const once = await dump(database.client);
    await applyMigrations(database.client);
    expect(await dump(database.client)).toEqual(once);
    expect(once.length).toBeGreaterThan(200);
  });

  it('also puts back what somebody loosened: grants, defaults, the trigger of the audit log', async () => {
    const before = await dump(database.client);
    await database.client.query(`
      grant usage on schema paliad to anon; grant all on all tables in schema paliad to anon, authenticated, service_role;
      grant all on all functions in schema paliad to anon, public;
      alter default privileges in schema paliad grant all on tables to anon, authenticated;
      alter table paliad.system_audit_log disable trigger system_audit_log_append_only`);
    await applyMigrations(database.client);
    expect(await dump(database.client)).toEqual(before);
  });
});

describe('on an ordinary Postgres 15', () => {
  it('they apply twice, and pg_dump sees no difference', async () => {
    const server = await startPostgres15();
    if (typeof server === 'string') return;
    const other = await createDatabaseOn(server.url);
    try {
      const pgDump = () =>
        execFileSync('/usr/lib/postgresql/15/bin/pg_dump', ['--schema=paliad', other.url], { encoding: 'utf8' }).replace(
          /^\\(un)?restrict .*$/gm,
          '',
        );
      await setUpCatalog(other.client);
      const once = pgDump();
      await applyMigrations(other.client);
      expect(pgDump()).toBe(once);
      expect(once).toContain('ENABLE ALWAYS TRIGGER system_audit_log_append_only');
    } finally {
      await other.drop();
      await server.stop();
    }
  });
});

describe('as the user “postgres” of a hosted project, who is no superuser', () => {
  it('they apply, and the functions work for service_role', async () => {
    const other = await createDatabase();
    await other.client.query(AUTH_STAND_IN);
    const name = new URL(other.url).pathname.slice(1);
    await other.client.query(`create role hosted_owner login password 'x'; grant create on database ${name} to hosted_owner; grant service_role to hosted_owner;
      grant usage on schema auth to hosted_owner; grant select, references on auth.users to hosted_owner`);
    const owner = new pg.Client({ connectionString: Object.assign(new URL(other.url), { username: 'hosted_owner', password: 'x' }).href });
    try {
      await owner.connect();
      await applyMigrations(owner);
      await applyMigrations(owner);
      await owner.query('set role service_role');
      expect((await owner.query("select is_new from paliad.ask('n1', null, 'x')")).rows).toEqual([{ is_new: true }]);
      expect((await owner.query("select attempt, audit_id is not null as audited from paliad.claim('a')")).rows).toEqual([
        { attempt: 1, audited: true },
      ]);
    } finally {
      await owner.end();
      await other.client.query('drop owned by hosted_owner cascade; drop role hosted_owner');
      await other.drop();
    }
  });
});

describe('a catalog from before there were leases', () => {
  it('keeps its rows; what was open then ends as failed, once', async () => {
    const other = await createDatabase();
    try {
      await other.client.query(AUTH_STAND_IN);
      const texts = migrationNames().map((name) => readFileSync(new URL(`../../supabase/migrations/${name}`, import.meta.url), 'utf8'));
      await other.client.query(texts[0]);
      await other.client.query(texts[1]);
      await other.client.query(`insert into paliad.backups (kind, status, requested_by_email, storage_uri, error) values
        ('scheduled', 'done', 'system@paliad', 'file:///old', null), ('on_demand', 'running', 'a', null, null), ('on_demand', 'running', 'b', null, null),
        ('scheduled', 'failed', 'system@paliad', null, 'disk died')`);
      await applyMigrations(other.client);
      const { rows } = await other.client.query(
        'select status, error, count(distinct slot)::int as slots from paliad.backups group by 1, 2 order by 1, 3',
      );
      expect(rows).toEqual([
        { status: 'done', error: null, slots: 1 },
        { status: 'failed', error: 'disk died', slots: 1 },
        { status: 'failed', error: 'RUN_GAVE_UP: it was open when runs got leases', slots: 2 },
      ]);
    } finally {
      await other.drop();
    }
  });
});

describe('each migration', () => {
  const migrations = migrationNames().map((name) => ({
    name,
    text: readFileSync(new URL(`../../supabase/migrations/${name}`, import.meta.url), 'utf8'),
  }));

  it('says why in its header and gives the audit reason before it does anything', () => {
    for (const { name, text } of migrations) {
      expect(text, name).toMatch(/^(--[^\n]*\n)+select set_config\('paliad\.audit_reason', '[^']+', true\);\n/);
    }
  });

  it('the newest is the one with the grants', () => {
    expect(migrations.at(-1)?.name).toMatch(/^\d{14}_grants\.sql$/);
  });
});

describe('every object of the schema', () => {
  it.each([
    [
      'table has row-level security and a comment',
      "select relname as name from pg_class where relnamespace = 'paliad'::regnamespace and relkind = 'r' and (not relrowsecurity or obj_description(oid) is null)",
    ],
    [
      'column has a comment',
      "select attrelid::regclass || '.' || attname as name from pg_attribute a join pg_class c on c.oid = attrelid where relnamespace = 'paliad'::regnamespace and relkind = 'r' and attnum > 0 and not attisdropped and col_description(attrelid, attnum) is null",
    ],
    [
      'function has a comment',
      "select proname as name from pg_proc where pronamespace = 'paliad'::regnamespace and obj_description(oid) is null",
    ],
    [
      'function runs as its owner, with an empty search_path',
      `select proname as name from pg_proc where pronamespace = 'paliad'::regnamespace and (not prosecdef or proconfig is distinct from array['search_path=""'])`,
    ],
    [
      'function is shut to PUBLIC and anon',
      "select proname as name from pg_proc where pronamespace = 'paliad'::regnamespace and (has_function_privilege('anon', oid, 'execute') or proacl is null)",
    ],
  ])('%s', async (_what, exceptions) => {
    expect((await database.client.query(exceptions)).rows).toEqual([]);
  });
});
