-- Who may see backups, and the log of what was done with them.
-- Both stand before the catalog, which refers to them. The log takes rows only through write_audit and lets none be
-- changed: it is what an administrator is held to, so no role may edit it, the owner of the tables included.
select set_config('paliad.audit_reason', 'migration: users and audit log', true);

create schema if not exists paliad;
comment on schema paliad is 'The application''s own tables: users, the audit log, the catalog of backups and its settings.';

create table if not exists paliad.users (
  id           uuid primary key references auth.users (id) on delete cascade,
  email        text not null,
  display_name text,
  global_role  text not null default 'member' constraint users_global_role_check check (global_role in ('member', 'global_admin')),
  created_at   timestamptz not null default now()
);
comment on table paliad.users is 'Everybody who may sign in, with the role that decides what they see.';
comment on column paliad.users.id is 'The same id as in auth.users; goes when that account goes.';
comment on column paliad.users.email is 'As the account had it when the row was written.';
comment on column paliad.users.display_name is 'The name that pages show; null: the e-mail is shown.';
comment on column paliad.users.global_role is 'member: sees only itself. global_admin: sees and makes backups.';
comment on column paliad.users.created_at is 'When the person was added.';

create table if not exists paliad.system_audit_log (
  id          uuid primary key default gen_random_uuid(),
  at          timestamptz not null default clock_timestamp(),
  actor_id    uuid,          -- no foreign key: the row must outlive the account
  actor_email text not null,
  action      text not null,
  object      text,
  detail      jsonb not null default '{}'::jsonb,
  came_from   text
);
create index if not exists system_audit_log_at_desc_idx on paliad.system_audit_log (at desc, id);
create index if not exists system_audit_log_object_idx on paliad.system_audit_log (object, at desc);
comment on table paliad.system_audit_log is 'Append-only record of who did what: UPDATE, DELETE and TRUNCATE are refused for every role. The trust signal behind paliad.backups.';
comment on column paliad.system_audit_log.id is 'Names the row; paliad.backups.audit_id refers to it.';
comment on column paliad.system_audit_log.at is 'The server''s clock at the moment of writing, not the start of its transaction.';
comment on column paliad.system_audit_log.actor_id is 'auth.users.id of who acted; null for the system. Without a foreign key, so that it survives the account.';
comment on column paliad.system_audit_log.actor_email is 'Captured at write time so that the row survives user deletion. ''system@paliad'' for the system itself.';
comment on column paliad.system_audit_log.action is 'What was done: object, dot, verb in the past, such as backup.asked.';
comment on column paliad.system_audit_log.object is 'What it was done to: kind/id, such as backup/2f1c….';
comment on column paliad.system_audit_log.detail is 'Facts that belong to the action. Holds no secret and no row of the backed-up tables.';
comment on column paliad.system_audit_log.came_from is 'Network address of the request, where there was one.';

-- Definer's rights, because a policy on users that reads users would call itself without end.
create or replace function paliad.is_admin() returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (select 1 from paliad.users u where u.id = auth.uid() and u.global_role = 'global_admin')
$$;
comment on function paliad.is_admin() is 'Whether the caller of this request is an administrator.';

create or replace function paliad.write_audit(p_actor uuid, p_email text, p_action text, p_object text, p_detail jsonb, p_from text) returns uuid
language sql security definer set search_path = '' as $$
  insert into paliad.system_audit_log (actor_id, actor_email, action, object, detail, came_from)
  values (p_actor, coalesce(p_email, 'system@paliad'), p_action, p_object, coalesce(p_detail, '{}'::jsonb), p_from)
  returning id
$$;
comment on function paliad.write_audit(uuid, text, text, text, jsonb, text) is 'Appends one row to the audit log and gives its id. The only way in for the application''s roles.';

create or replace function paliad.refuse_change() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  raise exception '%.% is %: % is refused', tg_table_schema, tg_table_name, tg_argv[0], lower(tg_op) using errcode = '42501';
end
$$;
comment on function paliad.refuse_change() is 'Ends the statement with an error, whoever gave it. Its argument says what the table is.';

-- One statement trigger, not one for each row: it also refuses a statement that would find no row, and TRUNCATE has no rows.
-- `enable always`: session_replication_role = replica switches ordinary triggers off.
create or replace trigger system_audit_log_append_only
  before update or delete or truncate on paliad.system_audit_log
  for each statement execute function paliad.refuse_change('append-only');
alter table paliad.system_audit_log enable always trigger system_audit_log_append_only;

-- Two administrators who demote each other at the same moment each still see the other. So whoever touches a role
-- first waits here, before any row is locked: the second one then sees what the first one did.
create or replace function paliad.take_turns_on_roles() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('paliad.users.global_role'));
  return null;
end
$$;
comment on function paliad.take_turns_on_roles() is 'Lets one transaction at a time change roles or remove users.';

create or replace function paliad.keep_one_admin() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  -- `for share` makes a repeatable-read transaction fail when its old picture of the administrators is wrong.
  perform 1 from paliad.users u where u.global_role = 'global_admin' for share;
  if not found then
    raise exception 'the last administrator cannot be removed or demoted'
      using errcode = '23514', hint = 'Make somebody else an administrator first.';
  end if;
  return null;
end
$$;
comment on function paliad.keep_one_admin() is 'Refuses a change that would leave no administrator.';

create or replace trigger users_take_turns
  before update of global_role or delete on paliad.users
  for each statement execute function paliad.take_turns_on_roles();
create or replace trigger users_keep_one_admin_on_demotion
  after update of global_role on paliad.users
  for each row when (old.global_role = 'global_admin' and new.global_role <> 'global_admin') execute function paliad.keep_one_admin();
create or replace trigger users_keep_one_admin_on_removal
  after delete on paliad.users
  for each row when (old.global_role = 'global_admin') execute function paliad.keep_one_admin();
create or replace trigger users_not_all_at_once
  before truncate on paliad.users
  for each statement execute function paliad.refuse_change('never emptied at once');

alter table paliad.users enable row level security;
alter table paliad.system_audit_log enable row level security;
drop policy if exists users_select_own on paliad.users;
create policy users_select_own on paliad.users for select to authenticated using (id = (select auth.uid()));
drop policy if exists users_select_admin on paliad.users;
create policy users_select_admin on paliad.users for select to authenticated using ((select paliad.is_admin()));
drop policy if exists system_audit_log_select_admin on paliad.system_audit_log;
create policy system_audit_log_select_admin on paliad.system_audit_log for select to authenticated using ((select paliad.is_admin()));
