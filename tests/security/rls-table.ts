/** Who asks: nobody signed in, a member, an administrator, the server itself. */
export const WHO = ['anon', 'member', 'admin', 'service'] as const;
export type Who = (typeof WHO)[number];

/** What they get: refused, a number of rows, or the answer of a call. `ok`: allowed, whatever the number. */
export type Outcome = string;
export type Case = { readonly object: string; readonly what: string; readonly who: Who; readonly outcome: Outcome };

// The database has three users (admin, member, other), two backups, the one row of settings, and a log.
const TABLES = `
object            what      anon    member  admin   service
users             select    denied  1       3       3
users             insert    denied  denied  denied  ok
users             update    denied  denied  denied  ok
users             delete    denied  denied  denied  ok
users             truncate  denied  denied  denied  denied
backups           select    denied  0       2       2
backups           insert    denied  denied  denied  ok
backups           update    denied  denied  denied  ok
backups           delete    denied  denied  denied  ok
backups           truncate  denied  denied  denied  denied
backup_settings   select    denied  0       1       1
backup_settings   insert    denied  denied  denied  ok
backup_settings   update    denied  denied  denied  ok
backup_settings   delete    denied  denied  denied  ok
backup_settings   truncate  denied  denied  denied  denied
system_audit_log  select    denied  0       ok      ok
system_audit_log  insert    denied  denied  denied  denied
system_audit_log  update    denied  denied  denied  denied
system_audit_log  delete    denied  denied  denied  denied
system_audit_log  truncate  denied  denied  denied  denied`;

const FUNCTIONS = `
object               what     anon    member  admin   service
is_admin             execute  denied  false   true    false
slot_at              execute  denied  denied  denied  ok
write_audit          execute  denied  denied  denied  ok
tick                 execute  denied  denied  denied  ok
claim                execute  denied  denied  denied  ok
renew                execute  denied  denied  denied  ok
finish               execute  denied  denied  denied  ok
hand_back            execute  denied  denied  denied  ok
cancel               execute  denied  denied  denied  ok
ask                  execute  denied  denied  denied  ok
note_run             execute  denied  denied  denied  denied
backoff              execute  denied  denied  denied  denied`;

/** Functions of triggers: they cannot be called at all, and nobody may try. */
export const TRIGGER_FUNCTIONS = ['end_lease', 'keep_one_admin', 'record_change', 'refuse_change', 'take_turns_on_roles'];

/** One case for each cell of the tables above. */
export const TABLE_CASES = casesOf(TABLES);
export const FUNCTION_CASES = casesOf(FUNCTIONS);

/** Arguments that do no harm; the id is nobody's. */
export const NOBODY = '00000000-0000-4000-8000-000000000000';
export const ARGUMENTS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  is_admin: {},
  slot_at: { p_at: '2026-11-24T12:00:00Z' },
  write_audit: { p_actor: null, p_email: 'x@example.org', p_action: 'test.tried', p_object: null, p_detail: {}, p_from: null },
  tick: { p_now: '2026-01-01T00:00:00Z' },
  claim: { p_runner: 'r', p_ttl: '90 s', p_now: '2026-01-01T00:00:00Z' },
  renew: { p_id: NOBODY, p_lease: NOBODY, p_progress: null },
  finish: { p_id: NOBODY, p_lease: NOBODY, p_uri: null, p_error: 'x', p_again: false, p_facts: {} },
  hand_back: { p_id: NOBODY, p_lease: NOBODY, p_why: 'x' },
  cancel: { p_id: NOBODY, p_who: 'x' },
  ask: { p_nonce: 'rls', p_user: null, p_email: 'x@example.org' },
  note_run: { p_id: NOBODY, p_actor: null, p_email: 'x', p_action: 'x', p_detail: {} },
  backoff: { p_failures: 1 },
};

function casesOf(table: string): Case[] {
  const [heads, ...lines] = table
    .trim()
    .split('\n')
    .map((line) => line.split(/\s+/));
  return lines.flatMap(([object, what, ...outcomes]) =>
    WHO.map((who) => ({ object, what, who, outcome: outcomes[heads.indexOf(who) - 2] })),
  );
}
