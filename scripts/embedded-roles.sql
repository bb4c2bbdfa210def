-- What a Supabase project brings and a plain Postgres lacks: the roles of its API, the schemas auth and extensions, pgcrypto.
-- Run at every start of the embedded database; repeatable.
create schema if not exists auth;
create schema if not exists extensions;

-- Roles belong to the whole server: another database may be making the same ones at this moment.
do $$
declare role_ text;
begin
  foreach role_ in array array['anon nologin', 'authenticated nologin', 'service_role nologin bypassrls'] loop
    begin
      execute 'create role ' || role_;
    exception when duplicate_object or unique_violation then null;
    end;
  end loop;
end $$;

-- Policies work without this, functions with the caller's rights do not: permission denied for schema auth.
grant usage on schema auth, extensions to anon, authenticated, service_role;
create extension if not exists pgcrypto with schema extensions;
do $$
begin
  execute format('alter database %I set search_path = "$user", public, extensions', current_database());
end $$;
-- As a project has it: what the application makes in schema public is open to the API, and row-level security decides.
grant usage on schema public to anon, authenticated, service_role;
alter default privileges for role postgres in schema public grant all on tables to anon, authenticated, service_role;
alter default privileges for role postgres in schema public grant all on sequences to anon, authenticated, service_role;
