-- The catalog of backups: one row per backup run, with what became of it.
-- Operational metadata for the console; the audit chain stays on paliad.system_audit_log.
select set_config('paliad.audit_reason', 'migration: catalog of backups', true);

create table if not exists paliad.backups (
  id                 uuid primary key default gen_random_uuid(),
  kind               text not null check (kind in ('scheduled', 'on_demand')),
  status             text not null check (status in ('running', 'done', 'failed')),
  requested_by       uuid references paliad.users (id) on delete set null,   -- null for kind = 'scheduled'
  requested_by_email text not null,                       -- captured at write time; 'system@paliad' for scheduled runs
  audit_id           uuid references paliad.system_audit_log (id) on delete set null,
                                                          -- audit row written before the artifact is made; null if that write failed
  storage_uri        text,                                -- set when status becomes 'done'; resolved by the ArtifactStore of its scheme
  size_bytes         bigint,
  row_counts         jsonb not null default '{}'::jsonb,
  sheet_count        int,
  warnings           jsonb not null default '[]'::jsonb,
  error              text,                                -- null unless 'failed'
  started_at         timestamptz not null default now(),
  finished_at        timestamptz,
  deleted_at         timestamptz                          -- artifact removed by lifecycle cleanup; the row stays for ever
);
create index if not exists backups_started_at_desc_idx on paliad.backups (started_at desc);
create index if not exists backups_kind_status_idx on paliad.backups (kind, status);
alter table paliad.backups enable row level security;
-- Admin-only read; no write policy for end users: INSERT/UPDATE/DELETE happen only through the runner's own role.
drop policy if exists backups_select_admin on paliad.backups;
create policy backups_select_admin on paliad.backups for select
  using (exists (select 1 from paliad.users u where u.id = auth.uid() and u.global_role = 'global_admin'));

comment on table paliad.backups is 'Catalog of org-scope backup runs. One row per scheduled or on-demand backup. status transitions: running → done | failed. storage_uri is resolved by the ArtifactStore. audit_id links to system_audit_log; the catalog row is the richer-shape duplicate, the audit row is the trust signal.';
comment on column paliad.backups.requested_by_email is 'Captured at write time so the row survives user deletion. Sentinel ''system@paliad'' for scheduled runs.';
comment on column paliad.backups.storage_uri is 'Resolved by the ArtifactStore of its scheme: file://… for the local disk; other stores use their own URI scheme.';
comment on column paliad.backups.deleted_at is 'Set when the artifact is removed from storage by lifecycle cleanup. The row stays for ever (audit chain). Null means that the artifact is still there.';
comment on column paliad.backups.id is 'Names the backup for ever; also the folder of its file in the store.';
comment on column paliad.backups.kind is 'scheduled: the clock asked for it. on_demand: a person did.';
comment on column paliad.backups.status is 'running: not ended yet, whether or not a runner is at work. done: the artifact is there and was recorded last. failed: see error.';
comment on column paliad.backups.requested_by is 'Who asked; null for kind = ''scheduled'' and after that person was removed.';
comment on column paliad.backups.audit_id is 'The audit row written before the artifact is made; null if that write failed.';
comment on column paliad.backups.size_bytes is 'Size of the artifact in bytes.';
comment on column paliad.backups.row_counts is 'Rows of each table: {"schema.table": rows}.';
comment on column paliad.backups.sheet_count is 'Sheets in the workbook.';
comment on column paliad.backups.warnings is 'Array of sentences for people, oldest first: causes of failed attempts, what was left out, an audit row that could not be written.';
comment on column paliad.backups.error is 'Null unless ''failed''. CODE: detail, with a code of the product''s error table; free text in rows that others wrote.';
comment on column paliad.backups.started_at is 'When the run, or its latest attempt, began.';
comment on column paliad.backups.finished_at is 'When it was done or failed for good; null while running.';
