-- What an administrator decides: when backups are made, what they cover, how patient runners are.
-- One row that always exists, so that nobody has to think about a missing one. Times are computed here, in SQL: engines
-- disagree about clock changes, so there is one engine, and the page and the runner ask it.
select set_config('paliad.audit_reason', 'migration: backup settings', true);

create table if not exists paliad.backup_settings (
  one              boolean primary key default true constraint backup_settings_one_row check (one),
  organisation     text not null default '' constraint backup_settings_organisation_check check (length(organisation) <= 200),
  enabled          boolean not null default true,
  first_local      timestamp not null default '2026-01-01 02:00',
  every            interval not null default '1 day' constraint backup_settings_every_check check (every >= interval '1 hour'),
  -- An unknown zone is an error here, where a person sees it, and not at night in tick().
  zone             text not null default 'UTC' constraint backup_settings_zone_check check (now() at time zone zone is not null),
  catch_up         interval not null default '20 hours' constraint backup_settings_catch_up_check check (catch_up > interval '0'),
  active_from      timestamptz not null default clock_timestamp(),
  excluded_schemas text[] not null default '{}',
  excluded_data    text[] not null default '{}',
  sheet_cells      int not null default 3000000 constraint backup_settings_sheet_cells_check check (sheet_cells >= 0),
  home             text,
  lease            interval not null default '90 s' constraint backup_settings_lease_check check (lease >= interval '1 s'),
  tick             interval not null default '15 s' constraint backup_settings_tick_check check (tick > interval '0'),
  backoff_first    interval not null default '90 s' constraint backup_settings_backoff_first_check check (backoff_first > interval '0'),
  backoff_most     interval not null default '1 hour' constraint backup_settings_backoff_most_check check (backoff_most >= backoff_first)
);
alter table paliad.backup_settings enable row level security;
drop policy if exists backup_settings_select_admin on paliad.backup_settings;
create policy backup_settings_select_admin on paliad.backup_settings for select to authenticated using ((select paliad.is_admin()));

comment on table paliad.backup_settings is 'The one row of settings. Holds no secret: those live in the environment or in Vault, and this table holds their names.';
comment on column paliad.backup_settings.one is 'Always true: there is one row.';
comment on column paliad.backup_settings.organisation is 'Whose data this is: the title of each workbook and the beginning of its file name. Empty: the database''s name.';
comment on column paliad.backup_settings.enabled is 'Whether the schedule asks for backups. Off: only people do.';
comment on column paliad.backup_settings.first_local is 'The first scheduled moment, as the clock on the wall of `zone` shows it. All others follow from it.';
comment on column paliad.backup_settings.every is 'Rhythm of the schedule, at least an hour. Weekly and monthly are what retention keeps, not a rhythm.';
comment on column paliad.backup_settings.zone is 'Time zone of first_local, as Postgres knows it: Europe/Berlin.';
comment on column paliad.backup_settings.catch_up is 'How long after its moment a scheduled backup may still begin or be tried again; after that it counts as missed or failed.';
comment on column paliad.backup_settings.active_from is 'Moments before this are nobody''s: a fresh installation does not report yesterday as missed.';
comment on column paliad.backup_settings.excluded_schemas is 'Schemas that are left out whole, by name.';
comment on column paliad.backup_settings.excluded_data is 'Tables whose rows are left out, as schema.table; their definition is kept.';
comment on column paliad.backup_settings.sheet_cells is 'Cells that all sheets of a workbook may show together; the data parts are always whole.';
comment on column paliad.backup_settings.home is 'The database this catalog belongs to. Recorded so that a restored copy can be told from it. Null: not yet recorded.';
comment on column paliad.backup_settings.lease is 'How long a runner may be silent before another may take its backup over. It renews at a third of this.';
comment on column paliad.backup_settings.tick is 'How often a resident runner looks for work.';
comment on column paliad.backup_settings.backoff_first is 'Wait after the first failed attempt; doubles with each further one.';
comment on column paliad.backup_settings.backoff_most is 'Longest wait between two attempts.';

-- The schedule begins in the server's own zone, because 02:00 should be night where the server is.
insert into paliad.backup_settings (zone)
select coalesce((select s.reset_val from pg_catalog.pg_settings s where s.name = 'TimeZone'), 'UTC')
on conflict (one) do nothing;

create or replace function paliad.slot_at(p_at timestamptz, out slot text, out due_at timestamptz)
language sql stable security definer set search_path = '' as $$
  -- Each moment is first_local + n × every on the wall clock, brought to a moment in time last. That gives one per local
  -- date also where a clock change skips or repeats the hour. Multiplying, not adding up, keeps the 31st the 31st.
  -- n is guessed from the mean length; months vary by a tenth at most, other units not at all.
  with guess as (
    select s.first_local, s.every, s.zone,
           extract(epoch from (p_at at time zone s.zone) - s.first_local) / extract(epoch from s.every) as n,
           case when extract(year from s.every) = 0 and extract(month from s.every) = 0 then 0 else 0.1 end as slack,
           2 + ceil(86400 / extract(epoch from s.every)) as margin
      from paliad.backup_settings s
  )
  select 'slot/' || to_char(m.at_local, 'YYYY-MM-DD"T"HH24:MI'), m.at_local at time zone g.zone
    from guess g,
         generate_series(greatest(0, floor(g.n * (1 - g.slack)) - g.margin)::int, ceil(g.n * (1 + g.slack) + g.margin)::int) as i (n),
         lateral (select g.first_local + i.n * g.every) as m (at_local)
   where m.at_local at time zone g.zone <= p_at
   order by 2 desc, 1 desc
   limit 1
$$;
comment on function paliad.slot_at(timestamptz) is 'The latest scheduled moment that is due at p_at: its name (one wish per name, for ever) and its time. The next ones are slot_at(now + every), and so on. Nulls before the first.';
