-- The catalog row becomes the wish, the place in the queue, the lease and the record: one row from the moment a backup is
-- asked for to its end. No queue library gives both "once per scheduled moment" and "a silent runner can do no harm".
-- The invariants are indexes and checks, so that no program, however wrong, can break them.
-- Plain inserts and updates of the catalog keep working: every new column has a default and the checks are loose.
select set_config('paliad.audit_reason', 'migration: one row per wish', true);

-- Once: what was open before there were leases has nobody who works at it.
do $$
begin
  if not exists (select from information_schema.columns c where c.table_schema = 'paliad' and c.table_name = 'backups' and c.column_name = 'slot') then
    update paliad.backups set status = 'failed', finished_at = now(), error = 'RUN_GAVE_UP: it was open when runs got leases' where status = 'running';
  end if;
end
$$;

alter table paliad.backups
  add column if not exists slot          text not null default 'row/' || gen_random_uuid(),
  add column if not exists due_at        timestamptz not null default now(),
  add column if not exists give_up_at    timestamptz not null default now() + interval '1 hour',
  add column if not exists attempt       int not null default 0,
  add column if not exists next_try_at   timestamptz not null default now(),
  add column if not exists lease         uuid,
  add column if not exists lease_until   timestamptz,
  add column if not exists runner        text,
  add column if not exists progress      jsonb,
  add column if not exists sha256        text,
  add column if not exists format        int,
  add column if not exists verified_at   timestamptz,
  add column if not exists verification  jsonb,
  add column if not exists drilled_at    timestamptz,
  add column if not exists drill         jsonb,
  add column if not exists pinned_at     timestamptz,
  add column if not exists pinned_by     text,
  add column if not exists expire_reason text,
  add column if not exists bytes_gone_at timestamptz;

comment on column paliad.backups.slot is 'One row per wish, for ever: slot/<local moment> of the schedule, asked/<form nonce> of a person, row/<uuid> of a plain insert.';
comment on column paliad.backups.due_at is 'When it was wanted.';
comment on column paliad.backups.give_up_at is 'After this no attempt begins: the row ends as failed. An hour for on demand, the catch-up window for a scheduled one.';
comment on column paliad.backups.attempt is 'How many attempts have begun. With lease null: 0 = waiting, more = to be tried again.';
comment on column paliad.backups.next_try_at is 'Not before this may an attempt begin: doubles after each failed or silent one.';
comment on column paliad.backups.lease is 'Token of the runner at work; it alone may renew and finish. Null: nobody is.';
comment on column paliad.backups.lease_until is 'When the runner counts as gone if it does not renew. Null with lease.';
comment on column paliad.backups.runner is 'The runner of the latest attempt: machine and process.';
comment on column paliad.backups.progress is 'Where the attempt is: phase, table, tablesDone, tablesTotal, rows, rowsExpected, sizeBytes, startedAt. Null when none runs.';
comment on column paliad.backups.sha256 is 'Digest of the artifact''s bytes, 64 lower-case hex digits.';
comment on column paliad.backups.format is 'Format number of the artifact''s manifest.';
comment on column paliad.backups.verified_at is 'When its bytes were last read back and agreed with the manifest.';
comment on column paliad.backups.verification is 'What that check found.';
comment on column paliad.backups.drilled_at is 'When it was last restored for a trial into a throwaway server.';
comment on column paliad.backups.drill is 'What the trial restore found.';
comment on column paliad.backups.pinned_at is 'When somebody decided to keep it whatever the rules say; null: the rules decide.';
comment on column paliad.backups.pinned_by is 'E-mail of who decided that.';
comment on column paliad.backups.expire_reason is 'Why the rules let it go; written with deleted_at, before any byte is deleted.';
comment on column paliad.backups.bytes_gone_at is 'When the store confirmed that the bytes are gone.';

alter table paliad.backups
  drop constraint if exists backups_lease_has_end,
  drop constraint if exists backups_lease_only_while_running,
  drop constraint if exists backups_running_has_no_end,
  drop constraint if exists backups_done_has_uri,
  drop constraint if exists backups_sha256_check,
  add constraint backups_lease_has_end check ((lease is null) = (lease_until is null)),
  add constraint backups_lease_only_while_running check (lease is null or status = 'running'),
  add constraint backups_running_has_no_end check (status <> 'running' or finished_at is null),
  add constraint backups_done_has_uri check (status <> 'done' or storage_uri is not null),
  add constraint backups_sha256_check check (sha256 ~ '^[0-9a-f]{64}$');

create unique index if not exists backups_slot_key on paliad.backups (slot);                    -- once per wish
create unique index if not exists backups_one_runner on paliad.backups ((true)) where lease is not null;  -- one at a time
create unique index if not exists backups_one_asked on paliad.backups ((true)) where kind = 'on_demand' and status = 'running';  -- two tabs, one backup
create index if not exists backups_open_idx on paliad.backups (next_try_at) where status = 'running';

-- Whoever ends a row with a plain update need not know of leases: the runner at work, if any, loses its token and stops.
create or replace function paliad.end_lease() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  new.lease := null;
  new.lease_until := null;
  return new;
end
$$;
comment on function paliad.end_lease() is 'Takes the lease from a row that has ended.';

create or replace trigger backups_end_lease
  before update of status on paliad.backups
  for each row when (new.status <> 'running') execute function paliad.end_lease();
