-- Who may see backups and how they are made are changed rarely and matter much: each change goes into the audit log with
-- the old row, the new row and the reason that the transaction gave (set_config('paliad.audit_reason', …, true)).
-- Unlike a backup, such a change does fail when it cannot be recorded.
select set_config('paliad.audit_reason', 'migration: record changes of users and settings', true);

create or replace function paliad.record_change() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  old_row jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
  new_row jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
  actor uuid := auth.uid();
begin
  if old_row is not distinct from new_row then
    return null;
  end if;
  perform paliad.write_audit(
    actor,
    coalesce((select u.email from paliad.users u where u.id = actor), nullif(current_setting('paliad.audit_actor', true), ''), session_user || '@database'),
    tg_table_name || case tg_op when 'INSERT' then '.added' when 'UPDATE' then '.changed' else '.removed' end,
    tg_table_name || coalesce('/' || (coalesce(new_row, old_row) ->> 'id'), ''),
    jsonb_strip_nulls(jsonb_build_object('reason', nullif(current_setting('paliad.audit_reason', true), '')))
      || jsonb_build_object('old', old_row, 'new', new_row),
    null);
  return null;
end
$$;
comment on function paliad.record_change() is 'Writes the change of a row into the audit log. The actor is the caller of the request, else paliad.audit_actor (an e-mail), else the database user.';

create or replace trigger users_record_change
  after insert or update or delete on paliad.users
  for each row execute function paliad.record_change();
create or replace trigger backup_settings_record_change
  after insert or update or delete on paliad.backup_settings
  for each row execute function paliad.record_change();
