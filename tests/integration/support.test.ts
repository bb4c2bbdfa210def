import { afterEach, describe, expect, it, vi } from 'vitest';
import { createDatabase, startPostgres15, withClient } from '#tests/support/postgres.ts';
import { needsDebianPackage } from '#tests/support/requirement.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe('the support of the tests', () => {
  it('gives a test file an empty database of its own and takes it away again', async () => {
    const database = await createDatabase();
    const { rows } = await database.client.query(
      "select count(*)::int as tables from pg_class where relnamespace = 'public'::regnamespace",
    );
    expect(rows).toEqual([{ tables: 0 }]);
    await database.drop();
    await expect(withClient(database.url, (client) => client.query('select 1'))).rejects.toThrow('does not exist');
  });

  it('starts an ordinary Postgres 15, or says which package is needed', async () => {
    const server = await startPostgres15();
    if (typeof server === 'string') return expect(server).toBe('not run: needs postgresql-15 (apt-get install postgresql-15)');
    const { rows } = await withClient(server.url, (client) => client.query('show server_version'));
    expect(rows[0].server_version).toMatch(/^15\./);
    await server.stop();
  });

  it('says what a suite needs, and fails instead where everything must run', () => {
    vi.stubEnv('PALIAD_TEST_REQUIRE', '');
    vi.stubEnv('PALIAD_TEST_NOT_RUN', '');
    vi.spyOn(console, 'log').mockImplementation(() => {}); // or it would be taken for a suite that is not run
    expect(needsDebianPackage('bash', 'sh')).toBeNull();
    expect(needsDebianPackage('unheard-of', 'no-such-command')).toBe('not run: needs unheard-of (apt-get install unheard-of)');
    vi.stubEnv('PALIAD_TEST_REQUIRE', '1');
    expect(() => needsDebianPackage('unheard-of', 'no-such-command')).toThrow('not run: needs unheard-of');
  });
});
