-- Everything runners and pages do to a wish, each as one statement without session state: Postgres arbitrates between
-- any number of machines. All that decides by time takes p_now, so that tests can choose the moment.
-- Each writes its audit row in the same transaction; a failed audit write never blocks a backup (note_run).
select set_config('paliad.audit_reason', 'migration: functions of a run', true);

create or replace function paliad.note_run(p_id uuid, p_actor uuid, p_email text, p_action text, p_detail jsonb) returns uuid
language plpgsql security definer set search_path = '' as $$
begin
  return paliad.write_audit(p_actor, p_email, p_action, 'backup/' || p_id, p_detail, null);
exception when others then
  update paliad.backups b
     set warnings = b.warnings || jsonb_build_array(format('The audit log could not be written for %s (%s).', p_action, sqlstate))
   where b.id = p_id;
  return null;
end
$$;
comment on function paliad.note_run(uuid, uuid, text, text, jsonb) is 'Audits a step of a backup and gives the audit row''s id; null and a warning on the backup where that fails.';

create or replace function paliad.backoff(p_failures int) returns interval
language sql stable security definer set search_path = '' as $$
  -- The exponent is capped because 2^1000 seconds is no interval.
  select least(s.backoff_first * power(2, least(greatest(p_failures - 1, 0), 20)), s.backoff_most) from paliad.backup_settings s
$$;
comment on function paliad.backoff(int) is 'How long to wait after that many failed attempts: backoff_first, doubled each time, at most backoff_most.';

create or replace function paliad.tick(p_now timestamptz default clock_timestamp()) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
  row_now paliad.backups;
  noted uuid;
begin
  insert into paliad.backups as b (kind, status, requested_by_email, slot, started_at, due_at, next_try_at, give_up_at, finished_at, error)
  select 'scheduled', case when x.late then 'failed' else 'running' end, 'system@paliad', d.slot, p_now, d.due_at, d.due_at, d.due_at + s.catch_up,
         case when x.late then p_now end, case when x.late then 'RUN_MISSED: nothing asked for it in time' end
    from paliad.backup_settings s, paliad.slot_at(p_now) d, lateral (select d.due_at + s.catch_up < p_now) x (late)
   where s.enabled and d.due_at >= s.active_from
  on conflict (slot) do nothing
  returning b.* into row_now;
  if found then
    noted := paliad.note_run(row_now.id, null, 'system@paliad', case row_now.status when 'failed' then 'backup.missed' else 'backup.scheduled' end,
                             jsonb_build_object('slot', row_now.slot, 'due_at', row_now.due_at));
    update paliad.backups b set audit_id = noted where b.id = row_now.id;
  end if;

  for row_now in
    update paliad.backups b
       set status = 'failed', finished_at = p_now, lease = null, lease_until = null, progress = null,
           error = 'RUN_GAVE_UP: ' || case when b.lease is not null then format('Attempt %s: the runner %s went silent.', b.attempt, b.runner)
                                           when b.attempt = 0 then 'no runner came'
                                           else coalesce(b.warnings ->> -1, 'no cause is known') end
     where b.status = 'running' and b.give_up_at < p_now and (b.lease is null or b.lease_until < p_now)
    returning b.*
  loop
    perform paliad.note_run(row_now.id, null, 'system@paliad', 'backup.gave_up', jsonb_build_object('attempt', row_now.attempt, 'error', row_now.error));
  end loop;

  return exists (select from paliad.backups b where b.status = 'running' and b.next_try_at <= p_now and (b.lease is null or b.lease_until < p_now));
end
$$;
comment on function paliad.tick(timestamptz) is 'Writes down the scheduled backup that is due, ends what is past its time, and says whether a runner has work. Any caller, any number, any time.';

create or replace function paliad.claim(p_runner text, p_ttl interval default '90 s', p_now timestamptz default clock_timestamp()) returns setof paliad.backups
language plpgsql security definer set search_path = '' as $$
declare
  taken paliad.backups;
  noted uuid;
begin
  -- Released at once and not when its own time has come: a dead runner's backup, whose next try may lie far ahead, must not keep
  -- every other one waiting. Outside the block below, so that a collision does not take it back.
  update paliad.backups b
     set lease = null, lease_until = null, progress = null,
         warnings = b.warnings || jsonb_build_array(format('Attempt %s: the runner %s went silent.', b.attempt, b.runner))
   where b.lease_until < p_now;
  begin
    update paliad.backups b
       set lease = gen_random_uuid(), lease_until = p_now + p_ttl, runner = p_runner, attempt = b.attempt + 1, started_at = p_now, progress = null,
           next_try_at = p_now + least(p_ttl * power(2, least(b.attempt, 20)), (select s.backoff_most from paliad.backup_settings s))
     where b.id = (select c.id from paliad.backups c
                    where c.status = 'running' and c.next_try_at <= p_now and c.give_up_at >= p_now and c.lease is null
                    order by c.due_at, c.attempt desc for update skip locked limit 1)
    returning b.* into taken;
  exception when unique_violation then
    return;                                              -- another runner is at work
  end;
  if taken.id is null then
    return;
  end if;
  noted := paliad.note_run(taken.id, null, 'system@paliad', 'backup.attempt_began', jsonb_build_object('attempt', taken.attempt, 'runner', p_runner));
  update paliad.backups b set audit_id = noted where b.id = taken.id and b.audit_id is null;  -- a plain insert has none yet
  return query select b.* from paliad.backups b where b.id = taken.id;
end
$$;
comment on function paliad.claim(text, interval, timestamptz) is 'Ends the leases of runners that went silent, then takes the oldest backup that wants a runner and gives its row with a new lease. No row: nothing to do, or another runner is at work.';

create or replace function paliad.renew(p_id uuid, p_lease uuid, p_progress jsonb, p_ttl interval default '90 s', p_now timestamptz default clock_timestamp()) returns boolean
language sql security definer set search_path = '' as $$
  with held as (
    update paliad.backups b set lease_until = p_now + p_ttl, progress = coalesce(p_progress, b.progress)
     where b.id = p_id and b.lease = p_lease returning 1
  )
  select exists (select from held)
$$;
comment on function paliad.renew(uuid, uuid, jsonb, interval, timestamptz) is 'Keeps the lease and shows progress (null: as before). False: taken over, cancelled or ended; stop and publish nothing.';

create or replace function paliad.finish(p_id uuid, p_lease uuid, p_uri text, p_error text, p_again boolean, p_facts jsonb,
                                         p_now timestamptz default clock_timestamp()) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
  ended paliad.backups;
  retry boolean := p_error is not null and coalesce(p_again, false);
  -- A JSON null is no fact, and what is no object holds none: neither may keep a finished backup from being recorded.
  facts jsonb := case when jsonb_typeof(p_facts) = 'object' then jsonb_strip_nulls(p_facts - 'verification') else '{}' end;
begin
  -- ONE guarded update: the commit point of a run. Whoever lost the lease changes nothing.
  update paliad.backups b
     set status = case when p_error is null then 'done' when retry then 'running' else 'failed' end,
         lease = null, lease_until = null, progress = null,
         storage_uri = case when p_error is null then p_uri end,
         error = case when not retry then p_error end,
         finished_at = case when not retry then p_now end,
         next_try_at = case when retry then greatest(b.next_try_at, p_now + paliad.backoff(b.attempt)) else b.next_try_at end,
         warnings = b.warnings || coalesce(facts -> 'warnings', '[]'::jsonb)
                    || case when retry then jsonb_build_array(format('Attempt %s: %s', b.attempt, p_error)) else '[]'::jsonb end,
         size_bytes = (facts ->> 'size_bytes')::bigint,
         sha256 = facts ->> 'sha256',
         row_counts = coalesce(facts -> 'row_counts', '{}'::jsonb),
         sheet_count = (facts ->> 'sheet_count')::int,
         format = (facts ->> 'format')::int,
         verified_at = (facts ->> 'verified_at')::timestamptz,
         verification = nullif(p_facts -> 'verification', 'null')
   where b.id = p_id and b.lease = p_lease
  returning b.* into ended;
  if not found then
    return false;
  end if;
  perform paliad.note_run(p_id, null, 'system@paliad',
                          case ended.status when 'done' then 'backup.done' when 'failed' then 'backup.failed' else 'backup.attempt_failed' end,
                          jsonb_strip_nulls(jsonb_build_object('attempt', ended.attempt, 'runner', ended.runner, 'error', p_error,
                            'storage_uri', ended.storage_uri, 'size_bytes', ended.size_bytes, 'sha256', ended.sha256)));
  return true;
end
$$;
comment on function paliad.finish(uuid, uuid, text, text, boolean, jsonb, timestamptz) is 'Ends the attempt that holds the lease: done with its URI and facts, failed with its error, or (p_again) to be tried again. False: the lease was lost and nothing changed.';

create or replace function paliad.hand_back(p_id uuid, p_lease uuid, p_why text, p_now timestamptz default clock_timestamp()) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
  returned paliad.backups;
begin
  update paliad.backups b
     set lease = null, lease_until = null, progress = null, attempt = b.attempt - 1, next_try_at = p_now, warnings = b.warnings || jsonb_build_array(p_why)
   where b.id = p_id and b.lease = p_lease
  returning b.* into returned;
  if not found then
    return false;
  end if;
  perform paliad.note_run(p_id, null, 'system@paliad', 'backup.handed_back', jsonb_build_object('runner', returned.runner, 'why', p_why));
  return true;
end
$$;
comment on function paliad.hand_back(uuid, uuid, text, timestamptz) is 'Gives the backup back untried: the attempt does not count, any runner may take it at once. False: the lease was lost.';

create or replace function paliad.cancel(p_id uuid, p_who text, p_now timestamptz default clock_timestamp()) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
  ended paliad.backups;
begin
  update paliad.backups b
     set status = 'failed', error = 'RUN_CANCELLED: by ' || p_who, finished_at = p_now, lease = null, lease_until = null, progress = null
   where b.id = p_id and b.status = 'running'
  returning b.* into ended;
  if not found then
    return false;
  end if;
  perform paliad.note_run(p_id, (select u.id from paliad.users u where u.email = p_who limit 1), p_who, 'backup.cancelled', jsonb_build_object('attempt', ended.attempt));
  return true;
end
$$;
comment on function paliad.cancel(uuid, text, timestamptz) is 'Ends an open backup as cancelled by that person; its runner loses the lease. False: it had ended already.';

create or replace function paliad.ask(p_nonce text, p_user uuid, p_email text, p_now timestamptz default clock_timestamp(), out id uuid, out is_new boolean)
language plpgsql security definer set search_path = '' as $$
declare
  noted uuid;
begin
  if coalesce(p_nonce, '') = '' or length(p_nonce) > 200 then
    raise exception 'a wish needs a nonce of 1 to 200 characters' using errcode = '22023';
  end if;
  loop
    select b.id into ask.id from paliad.backups b where b.slot = 'asked/' || p_nonce;
    if not found then
      select b.id into ask.id from paliad.backups b where b.kind = 'on_demand' and b.status = 'running';
    end if;
    if found then
      is_new := false;
      return;
    end if;
    insert into paliad.backups as b (kind, status, requested_by, requested_by_email, slot, started_at, due_at, next_try_at, give_up_at)
    values ('on_demand', 'running', (select u.id from paliad.users u where u.id = p_user), p_email, 'asked/' || p_nonce, p_now, p_now, p_now, p_now + interval '1 hour')
    on conflict do nothing
    returning b.id into ask.id;
    exit when found;                                     -- else somebody was quicker: look again
  end loop;
  is_new := true;
  noted := paliad.note_run(ask.id, p_user, p_email, 'backup.asked', jsonb_build_object('slot', 'asked/' || p_nonce));
  update paliad.backups b set audit_id = noted where b.id = ask.id;
end
$$;
comment on function paliad.ask(text, uuid, text, timestamptz) is 'A person''s wish for a backup now. The same nonce gives the same row for ever; while one such wish is open, every other gives that one (is_new false).';
