-- Who may do what with the schema, whole and in one place: first everything is taken away, then what is meant is given.
-- Always the newest migration, and repeatable: the embedded start runs it again after its API server has warmed up,
-- because that server grants ALL on every table and sequence to everybody at its first request.
-- Row-level security decides which rows; these grants decide which doors exist at all.
select set_config('paliad.audit_reason', 'grants', true);

revoke all on schema paliad from public, anon, authenticated, service_role;
revoke all on all tables in schema paliad from public, anon, authenticated, service_role;
revoke all on all sequences in schema paliad from public, anon, authenticated, service_role;
revoke all on all functions in schema paliad from public, anon, authenticated, service_role;
alter default privileges in schema paliad revoke all on tables from anon, authenticated, service_role;
alter default privileges in schema paliad revoke all on sequences from anon, authenticated, service_role;
alter default privileges in schema paliad revoke all on functions from anon, authenticated, service_role;

-- Signed-in people read, through policies. Nobody writes through the API.
grant usage on schema paliad to authenticated, service_role;
grant select on paliad.users, paliad.backups, paliad.backup_settings, paliad.system_audit_log to authenticated;
grant execute on function paliad.is_admin() to authenticated;

-- The server's own role. The audit log it may read; write_audit is its only way to write there.
grant select on paliad.system_audit_log to service_role;
grant select, insert, update, delete on paliad.users, paliad.backups, paliad.backup_settings to service_role;
grant execute on function
  paliad.is_admin(),
  paliad.write_audit(uuid, text, text, text, jsonb, text),
  paliad.slot_at(timestamptz),
  paliad.tick(timestamptz),
  paliad.claim(text, interval, timestamptz),
  paliad.renew(uuid, uuid, jsonb, interval, timestamptz),
  paliad.finish(uuid, uuid, text, text, boolean, jsonb, timestamptz),
  paliad.hand_back(uuid, uuid, text, timestamptz),
  paliad.cancel(uuid, text, timestamptz),
  paliad.ask(text, uuid, text, timestamptz)
to service_role;
