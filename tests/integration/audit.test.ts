import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ask, at, claim, fail, finish, interleave, openRaceCatalog, type RaceCatalog, tick, withoutText } from './run-model-database.ts';

let catalog: RaceCatalog;
let client: pg.Client;
beforeAll(async () => {
  catalog = await openRaceCatalog();
  client = catalog.c;
});
beforeEach(() => catalog.reset());
afterAll(() => catalog.drop());

const logOf = async (object: string) =>
  (await client.query('select actor_email, action, detail from paliad.system_audit_log where object = $1 order by at, id', [object])).rows;

/** A signed-in person; the account stands in auth.users. */
async function addUser(role: string): Promise<string> {
  const id = randomUUID();
  await client.query('insert into auth.users (id, email) values ($1, $2)', [id, `${id}@example.org`]);
  await client.query('insert into paliad.users (id, email, global_role) values ($1, $2, $3)', [id, `${id}@example.org`, role]);
  return id;
}

describe('the audit log is append-only', () => {
  beforeAll(() => client.query("select paliad.write_audit(null, 'x@example.org', 'test.done', null, null, null)"));

  const statements = [
    "update paliad.system_audit_log set action = 'nothing'",
    'delete from paliad.system_audit_log',
    'truncate paliad.system_audit_log, paliad.backups',
    'truncate paliad.system_audit_log cascade',
    'delete from paliad.system_audit_log where false',
    "insert into paliad.system_audit_log (id, actor_email, action) select id, 'x', 'x' from paliad.system_audit_log limit 1 on conflict (id) do update set action = 'x'",
    "merge into paliad.system_audit_log l using (select 1) s on true when matched then update set action = 'x'",
  ];
  it.each(statements)('for its owner, who is a superuser: %s', async (statement) => {
    await expect(client.query(statement)).rejects.toThrow(/append-only/);
  });

  it.each(statements)('also with session_replication_role = replica, which switches ordinary triggers off: %s', async (statement) => {
    await client.query('set session_replication_role = replica');
    try {
      await expect(client.query(statement)).rejects.toThrow(/append-only/);
    } finally {
      await client.query('reset session_replication_role');
    }
  });

  it('because of “enable always”: with an ordinary trigger a replica session deletes everything', async () => {
    await client.query('begin');
    await client.query('alter table paliad.system_audit_log enable trigger system_audit_log_append_only');
    await client.query('set local session_replication_role = replica');
    expect((await client.query('delete from paliad.system_audit_log')).rowCount).toBeGreaterThan(0);
    await client.query('rollback');
  });

  it('a row outlives the account it is about', async () => {
    const id = await addUser('member');
    await client.query("select paliad.write_audit($1, 'gone@example.org', 'test.outlives', 'x/1', '{}', null)", [id]);
    await client.query('delete from auth.users where id = $1', [id]);
    const { rows } = await client.query("select actor_id, actor_email from paliad.system_audit_log where action = 'test.outlives'");
    expect(rows).toEqual([{ actor_id: id, actor_email: 'gone@example.org' }]);
  });
});

describe('each step of a backup is in the log, in the same transaction', () => {
  it('wish, attempts and end', async () => {
    const { id } = await ask(client, 'n1', at(0));
    const first = await claim(client, 'a', at(0));
    if (first !== undefined) await fail(client, first, 'STORE_FULL: /srv', true, at(1));
    const second = await claim(client, 'a', at(100));
    if (second !== undefined) await finish(client, second, 'file:///x', at(101));
    expect(await logOf(`backup/${id}`)).toEqual([
      { actor_email: 'anna@example.org', action: 'backup.asked', detail: { slot: 'asked/n1' } },
      { actor_email: 'system@paliad', action: 'backup.attempt_began', detail: { attempt: 1, runner: 'a' } },
      { actor_email: 'system@paliad', action: 'backup.attempt_failed', detail: { attempt: 1, runner: 'a', error: 'STORE_FULL: /srv' } },
      { actor_email: 'system@paliad', action: 'backup.attempt_began', detail: { attempt: 2, runner: 'a' } },
      { actor_email: 'system@paliad', action: 'backup.done', detail: { attempt: 2, runner: 'a', storage_uri: 'file:///x' } },
    ]);
  });

  it('missed, given up, handed back, cancelled', async () => {
    await tick(client, at(20 * 3600 + 1));
    const missed = (await catalog.rows())[0].id;
    const { id } = await ask(client, 'n2', at(0));
    const row = await claim(client, 'a', at(0));
    await client.query("select paliad.hand_back($1, $2, 'The server was stopped.', $3)", [id, row?.lease, at(1)]);
    await client.query("select paliad.cancel($1, 'ben@example.org', $2)", [id, at(2)]);
    const given = await ask(client, 'n3', at(0));
    await tick(client, at(3601));
    const actions = async (backup: string) => (await logOf(`backup/${backup}`)).map((entry) => entry.action);
    expect(await actions(missed)).toEqual(['backup.missed']);
    expect(await actions(id)).toEqual(['backup.asked', 'backup.attempt_began', 'backup.handed_back', 'backup.cancelled']);
    expect(await actions(given.id)).toEqual(['backup.asked', 'backup.gave_up']);
  });

  it('the row of the wish is linked from the backup before any runner takes it', async () => {
    const { id } = await ask(client, 'n4', at(0));
    const { rows } = await client.query(
      'select l.action, l.object from paliad.backups b join paliad.system_audit_log l on l.id = b.audit_id',
    );
    expect(rows).toEqual([{ action: 'backup.asked', object: `backup/${id}` }]);
  });

  it('a plain insert gets its audit row when a runner takes it', async () => {
    await client.query("insert into paliad.backups (kind, status, requested_by_email) values ('scheduled', 'running', 'system@paliad')");
    await claim(client, 'a', new Date(Date.now() + 1000));
    const { rows } = await client.query('select l.action from paliad.backups b join paliad.system_audit_log l on l.id = b.audit_id');
    expect(rows).toEqual([{ action: 'backup.attempt_began' }]);
  });
});

it('a log that cannot be written blocks no backup: no link, a warning for each step, and done in the end', async () => {
  await client.query("alter table paliad.system_audit_log add constraint broken check (action = 'never') not valid");
  try {
    await tick(client, at(1));
    const { id } = await ask(client, 'n5', at(0));
    const row = await claim(client, 'a', at(2));
    if (row === undefined) throw new Error('there was nothing to claim');
    expect(await finish(client, row, 'file:///x', at(3))).toBe(true);
    const written = (await catalog.rows()).find((backup) => backup.id === row.id);
    expect(written).toMatchObject({ status: 'done', audit_id: null, storage_uri: 'file:///x' });
    expect(written?.warnings).toEqual([
      `The audit log could not be written for ${row.id === id ? 'backup.asked' : 'backup.scheduled'} (23514).`,
      'The audit log could not be written for backup.attempt_began (23514).',
      'The audit log could not be written for backup.done (23514).',
    ]);
  } finally {
    await client.query('alter table paliad.system_audit_log drop constraint broken');
  }
});

describe('changes of users and settings', () => {
  it('are recorded with the old row, the new row and the reason of the transaction', async () => {
    await client.query('begin');
    await client.query(
      "select set_config('paliad.audit_reason', 'quieter nights', true), set_config('paliad.audit_actor', 'anna@example.org', true)",
    );
    await client.query('update paliad.backup_settings set sheet_cells = 1');
    await client.query('commit');
    await client.query('update paliad.backup_settings set sheet_cells = 3000000');
    const log = (await logOf('backup_settings')).slice(-2);
    expect(log).toMatchObject([
      {
        actor_email: 'anna@example.org',
        action: 'backup_settings.changed',
        detail: { reason: 'quieter nights', old: { sheet_cells: 3000000 }, new: { sheet_cells: 1 } },
      },
      { actor_email: 'postgres@database', action: 'backup_settings.changed', detail: { old: { sheet_cells: 1 } } },
    ]);
    expect(log[1].detail).not.toHaveProperty('reason');
  });

  it('are recorded for a user from the first day to the last, under the name of who did it', async () => {
    const admin = await addUser('global_admin');
    const id = await addUser('member');
    await client.query('begin');
    await client.query("select set_config('request.jwt.claims', $1, true)", [JSON.stringify({ sub: admin })]);
    await client.query("update paliad.users set display_name = 'Anna' where id = $1", [id]);
    await client.query('update paliad.users set display_name = display_name where id = $1', [id]); // changes nothing
    await client.query('delete from auth.users where id = $1', [id]);
    await client.query('commit');
    expect(await logOf(`users/${id}`)).toMatchObject([
      { action: 'users.added', detail: { old: null, new: { id, global_role: 'member' } } },
      { actor_email: `${admin}@example.org`, action: 'users.changed', detail: { new: { display_name: 'Anna' } } },
      { actor_email: `${admin}@example.org`, action: 'users.removed', detail: { old: { id }, new: null } },
    ]);
  });

  it('do not happen when they cannot be recorded', async () => {
    await client.query("alter table paliad.system_audit_log add constraint broken check (action = 'never') not valid");
    await expect(client.query('update paliad.backup_settings set sheet_cells = 1')).rejects.toThrow(/broken/);
    await client.query('alter table paliad.system_audit_log drop constraint broken');
  });
});

describe('the last administrator', () => {
  let [anna, ben] = ['', ''];
  beforeEach(async () => {
    // The guard would refuse to clear the table: it is off for this one statement.
    await client.query('begin; set local session_replication_role = replica; delete from paliad.users; commit');
    anna = await addUser('global_admin');
    ben = await addUser('global_admin');
    await addUser('member');
  });
  const demote = (who: string) => (session: pg.Client) =>
    session.query("update paliad.users set global_role = 'member' where id = $1", [who]);
  const admins = async () => (await client.query("select id from paliad.users where global_role = 'global_admin'")).rowCount;

  it('cannot be demoted, removed, or removed with the account', async () => {
    await demote(ben)(client);
    await expect(demote(anna)(client)).rejects.toThrow(/last administrator/);
    await expect(client.query('delete from paliad.users where id = $1', [anna])).rejects.toThrow(/last administrator/);
    await expect(client.query('delete from auth.users where id = $1', [anna])).rejects.toThrow(/last administrator/);
    expect(await admins()).toBe(1);
  });

  it('cannot be lost with all others in one statement', async () => {
    await expect(client.query("update paliad.users set global_role = 'member'")).rejects.toThrow(/last administrator/);
    await expect(client.query('delete from paliad.users')).rejects.toThrow(/last administrator/);
    await expect(client.query('truncate paliad.users cascade')).rejects.toThrow(/refused/);
  });

  it('may go once there is another, also in the same statement', async () => {
    await client.query("update paliad.users set global_role = case when global_role = 'member' then 'global_admin' else 'member' end");
    expect(await admins()).toBe(1);
  });

  it.each(['read committed', 'repeatable read'])('two who demote each other at the same moment (%s): one of them stays', async (level) => {
    const isolation = `set transaction isolation level ${level}`;
    await expect(
      interleave(
        catalog,
        async (a) => [await a.query(isolation), await demote(anna)(a)],
        async (b) => [await b.query(isolation), await b.query('select 1'), await demote(ben)(b)],
      ),
    ).rejects.toThrow(/last administrator|could not serialize/);
    expect(await admins()).toBe(1);
  });

  it('is kept by those who take turns: with no turns and no lock both are gone', async () => {
    await client.query('alter table paliad.users disable trigger users_take_turns');
    await withoutText(client, 'paliad.keep_one_admin()', 'for share', '', async () => {
      await interleave(catalog, demote(anna), demote(ben));
      expect(await admins()).toBe(0);
    });
    await client.query('alter table paliad.users enable trigger users_take_turns');
  });
});
