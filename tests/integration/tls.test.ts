import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PoolClient } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openPool, openSession } from '#lib/postgres/connect.ts';
import { type PostgresServer, startPostgres } from '#lib/postgres/server.ts';
import { giveToServer } from '#lib/postgres/server-account.ts';
import { createDatabase, type TestDatabase, withClient } from '#tests/support/postgres.ts';
import { needsDebianPackage } from '#tests/support/requirement.ts';
import { THROWAWAY_SETTINGS } from '#tests/support/throwaway.ts';
import { backUpInTest, failureOf } from './backing-up.ts';

const missing = needsDebianPackage('openssl', 'openssl');
const never = new AbortController().signal;

/** The same place by a name that is not known to be this machine's own. */
function fromElsewhere(url: string, parameters = ''): string {
  return `${Object.assign(new URL(url), { hostname: '0.0.0.0' }).href}${parameters}`;
}

const IS_ENCRYPTED = 'select ssl from pg_stat_ssl where pid = pg_backend_pid()';

async function sessionIsEncrypted(url: string, caFile: string | null = null): Promise<boolean> {
  const client = await openSession({ url, applicationName: 'a session under test', caFile }, never);
  const { rows } = await client.query(IS_ENCRYPTED);
  await client.end();
  return rows[0].ssl;
}

async function poolIsEncrypted(url: string, caFile: string | null = null): Promise<boolean[]> {
  const pool = openPool({ url, applicationName: 'a pool under test', caFile });
  try {
    const results = await Promise.all([
      pool.query<{ ssl: boolean }>(IS_ENCRYPTED),
      pool.query<{ ssl: boolean }>(IS_ENCRYPTED),
      pool.connect().then(queryAndRelease),
    ]);
    return results.map(({ rows }) => rows[0].ssl);
  } finally {
    await pool.end();
  }
}

async function queryAndRelease(client: PoolClient) {
  const result = await client.query<{ ssl: boolean }>(IS_ENCRYPTED);
  client.release();
  return result;
}

describe.skipIf(missing !== null)('a server with TLS', () => {
  let folder: string;
  let server: PostgresServer;
  const file = (name: string) => join(folder, 'tls', name);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'paliad-tls-'));
    mkdirSync(join(folder, 'tls'));
    for (const [name, where] of [
      ['here', 'IP:0.0.0.0'],
      ['there', 'DNS:db.example.org'],
    ]) {
      const names = ['-subj', '/CN=a test', '-addext', `subjectAltName=${where}`];
      const files = ['-keyout', file(`${name}.key`), '-out', file(`${name}.pem`)];
      execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...names, ...files], { stdio: 'pipe' });
    }
    giveToServer(join(folder, 'tls'));
    const settings = { ...THROWAWAY_SETTINGS, ssl: 'on', ssl_cert_file: file('here.pem'), ssl_key_file: file('here.key') };
    server = await startPostgres({ dataFolder: join(folder, 'pg'), logFile: join(folder, 'log'), password: 'test', settings });
    await withClient(server.url, (client) => client.query('create table t (id int); insert into t values (1)'));
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('elsewhere is spoken to encrypted though the connection string does not say so', async () => {
    expect(await sessionIsEncrypted(fromElsewhere(server.url))).toBe(true);
    expect(await poolIsEncrypted(fromElsewhere(server.url))).toEqual([true, true, true]);
    const { manifest } = await backUpInTest(fromElsewhere(server.url));
    expect(manifest.warnings).toEqual([]);
  });

  it('on this machine, and where the string forbids it, is spoken to in clear text', async () => {
    expect(await sessionIsEncrypted(server.url)).toBe(false);
    expect(await sessionIsEncrypted(fromElsewhere(server.url, '?sslmode=disable'))).toBe(false);
    expect((await backUpInTest(fromElsewhere(server.url, '?sslmode=disable'))).manifest.warnings).toEqual([]);
  });

  it('must prove who it is with a certificate authority of the source’s own: no second way', async () => {
    const url = fromElsewhere(server.url);
    expect(await sessionIsEncrypted(url, file('here.pem'))).toBe(true);
    expect(await poolIsEncrypted(url, file('here.pem'))).toEqual([true, true, true]);
    expect(await sessionIsEncrypted(fromElsewhere(server.url, '?sslmode=verify-full'), file('here.pem'))).toBe(true);
    expect(await failureOf(sessionIsEncrypted(url, file('there.pem')))).toMatchObject({ code: 'SOURCE_UNREACHABLE' });
    await expect(poolIsEncrypted(url, file('there.pem'))).rejects.toThrow(/self-signed certificate/);
    expect(await failureOf(sessionIsEncrypted(url, file('absent.pem')))).toMatchObject({ code: 'SOURCE_URL_INVALID' });
  });

  it('of another name than its certificate says is refused', async () => {
    const settings = { ...THROWAWAY_SETTINGS, ssl: 'on', ssl_cert_file: file('there.pem'), ssl_key_file: file('there.key') };
    const other = await startPostgres({ dataFolder: join(folder, 'pg2'), logFile: join(folder, 'log2'), password: 'test', settings });
    expect(await failureOf(sessionIsEncrypted(fromElsewhere(other.url), file('there.pem')))).toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      detail: expect.stringContaining('does not match'),
    });
    await other.stop();
  });

  it('is verified when the connection string says so, as before', async () => {
    expect(await sessionIsEncrypted(fromElsewhere(server.url, `?sslmode=verify-full&sslrootcert=${file('here.pem')}`))).toBe(true);
    expect(await failureOf(sessionIsEncrypted(fromElsewhere(server.url, '?sslmode=verify-full')))).toMatchObject({
      code: 'SOURCE_UNREACHABLE',
    });
  });
});

describe('a server without TLS', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase();
    await database.client.query('create table t (id int)');
  });
  afterAll(() => database.drop());

  it('elsewhere is spoken to in clear text, and the backup warns of that', async () => {
    expect(await poolIsEncrypted(fromElsewhere(inject('postgresUrl')))).toEqual([false, false, false]);
    const { manifest } = await backUpInTest(fromElsewhere(database.url));
    expect(manifest.warnings).toEqual(['The connection to the database was not encrypted.']);
    expect((await backUpInTest(database.url)).manifest.warnings).toEqual([]);
  });

  it.skipIf(missing !== null)('is refused when a certificate authority was named', async () => {
    const failure = await failureOf(sessionIsEncrypted(fromElsewhere(database.url), '/etc/ssl/certs/ca-certificates.crt'));
    expect(failure).toMatchObject({ code: 'SOURCE_UNREACHABLE', detail: expect.stringContaining('does not support SSL') });
  });
});
