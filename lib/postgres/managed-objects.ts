import type pg from 'pg';
import { qualified, quoted } from '#lib/backup/sql-text.ts';
import type { SourceTables } from './tables.ts';

type Policy = {
  schema: string;
  name: string;
  policy: string;
  command: string;
  isPermissive: boolean;
  roles: string[];
  using: string | null;
  check: string | null;
};

const POLICIES = `
  select n.nspname as "schema", c.relname as "name", p.polname as "policy",
         case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end as "command",
         p.polpermissive as "isPermissive",
         array(select case when r.oid is null then 'public' else r.rolname end::text from unnest(p.polroles) x (oid)
                 left join pg_catalog.pg_roles r on r.oid = x.oid order by 1) as "roles",
         pg_catalog.pg_get_expr(p.polqual, p.polrelid) as "using", pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) as "check"
    from pg_catalog.pg_policy p join pg_catalog.pg_class c on c.oid = p.polrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where c.oid = any ($1::oid[]) order by 1, 2, 3`;

const TRIGGERS = `
  select pg_catalog.pg_get_triggerdef(t.oid) as "definition"
    from pg_catalog.pg_trigger t join pg_catalog.pg_proc f on f.oid = t.tgfoid join pg_catalog.pg_namespace n on n.oid = f.pronamespace
   where t.tgrelid = any ($1::oid[]) and not t.tgisinternal and n.nspname = any ($2::text[]) order by t.tgrelid, t.tgname`;

/**
 * What people hung on tables that Supabase manages: policies, and triggers that call functions of covered schemas. As SQL,
 * to stand behind pg_dump's post-data; each policy is dropped first, since a new project may have it.
 */
export async function managedObjects(client: pg.Client, source: SourceTables): Promise<string> {
  const oids = source.tables.filter((table) => table.origin === 'managed').map((table) => table.oid);
  if (oids.length === 0) return '';
  const policies = (await client.query<Policy>(POLICIES, [oids])).rows.map(policyStatement);
  const triggers = (await client.query<{ definition: string }>(TRIGGERS, [oids, source.coveredSchemas])).rows.map(
    (row) => `${row.definition.replace(/^CREATE TRIGGER/, 'CREATE OR REPLACE TRIGGER')};\n`,
  );
  if (policies.length + triggers.length === 0) return '';
  return `\n--\n-- Policies and triggers on tables that Supabase manages\n--\n\n${[...policies, ...triggers].join('')}`;
}

function policyStatement(policy: Policy): string {
  const table = qualified(policy);
  const roles = policy.roles.map((role) => (role === 'public' ? 'public' : quoted(role))).join(', ');
  const using = policy.using === null ? '' : ` using (${policy.using})`;
  const check = policy.check === null ? '' : ` with check (${policy.check})`;
  const kind = policy.isPermissive ? 'permissive' : 'restrictive';
  const name = quoted(policy.policy);
  return `drop policy if exists ${name} on ${table};\ncreate policy ${name} on ${table} as ${kind} for ${policy.command} to ${roles}${using}${check};\n`;
}
