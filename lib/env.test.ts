import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BackupError } from '#lib/backup/errors.ts';
import { parseEnv, parseLauncherEnv } from './env.ts';

const HOSTED = {
  SUPABASE_URL: 'https://abcdefgh.supabase.co/',
  SUPABASE_PUBLISHABLE_KEY: 'sb_publishable_1',
  SUPABASE_SECRET_KEY: 'sb_secret_1',
  DATABASE_URL: 'postgresql://postgres:p%20w@db.example.com:5432/postgres',
};

function detailOf(parse: () => unknown): string {
  try {
    parse();
  } catch (error) {
    if (error instanceof BackupError && error.code === 'ENVIRONMENT_INVALID') return error.detail;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('the environment', () => {
  it('needs nothing for the built-in database', () => {
    const launcher = parseLauncherEnv({});
    expect(launcher).toMatchObject({ host: '127.0.0.1', port: 3000, isEmbedded: true });
    expect(launcher.dataFolder).toMatch(/^\/.*\.paliad$/);
  });

  it('fills in what a hosted project leaves out', () => {
    const env = parseEnv({ ...HOSTED, PALIAD_DATA: '/srv/paliad data' });
    expect(env).toMatchObject({
      supabaseUrl: 'https://abcdefgh.supabase.co',
      sourceDatabaseUrl: HOSTED.DATABASE_URL,
      storeUrl: 'file:///srv/paliad%20data/artifacts',
      isStoreOwn: true,
      databaseCaFile: null,
      runSeconds: null,
      isEmbedded: false,
    });
  });

  it('keeps the machine door shut when no RUNNER_SECRET is set', () => {
    expect(parseEnv(HOSTED).runnerSecret).toMatch(/^[0-9a-f]{64}$/);
    expect(parseEnv(HOSTED).runnerSecret).not.toBe(parseEnv(HOSTED).runnerSecret);
  });

  it('takes the names that Next projects use, and a variable without a value as not set', () => {
    const { SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY, ...rest } = HOSTED;
    const aliases = { NEXT_PUBLIC_SUPABASE_URL: SUPABASE_URL, NEXT_PUBLIC_SUPABASE_ANON_KEY: SUPABASE_PUBLISHABLE_KEY };
    expect(parseEnv({ ...rest, ...aliases, SUPABASE_URL: '', STORE_URL: '' })).toMatchObject({
      supabasePublishableKey: 'sb_publishable_1',
    });
  });

  it.each(Object.keys(HOSTED).slice(1))('names %s with an example when a hosted project lacks it, already before the start', (name) => {
    const variables = { ...HOSTED, [name]: undefined };
    for (const parse of [parseEnv, parseLauncherEnv])
      expect(detailOf(() => parse(variables))).toMatch(new RegExp(`^${name} is missing\\. Example: ${name}=\\S+`));
  });

  it('names every fault at once', () => {
    const detail = detailOf(() => parseEnv({ ...HOSTED, PORT: '80a', STORE_URL: '/srv', SUPABASE_SECRET_KEY: undefined }));
    for (const name of ['PORT is not a number', 'STORE_URL is not an address', 'SUPABASE_SECRET_KEY is missing'])
      expect(detail).toContain(name);
  });

  it.each([
    ['PORT', '0'],
    ['PORT', '70000'],
    ['SUPABASE_URL', 'ftp://x'],
    ['DATABASE_URL', 'mysql://secret-value@h/db'],
    ['SOURCE_DATABASE_URL', 'secret-value'],
    ['DATABASE_CA_FILE', '/nowhere/secret-value'],
    ['RUNNER_SECRET', 'secret-value'],
    ['RUN_SECONDS', '5'],
  ])('refuses %s=%s without repeating the value', (name, value) => {
    const detail = detailOf(() => parseEnv({ ...HOSTED, [name]: value }));
    expect(detail).toMatch(new RegExp(`^${name} `));
    expect(detail).not.toContain('secret-value');
  });

  it('is described in full by .env.example', () => {
    const described = readFileSync(new URL('../.env.example', import.meta.url), 'utf8');
    const names = [
      'PORT',
      'HOST',
      'PALIAD_DATA',
      ...Object.keys(HOSTED),
      'DATABASE_CA_FILE',
      'SOURCE_DATABASE_URL',
      'STORE_URL',
      'RUNNER_SECRET',
      'RUN_SECONDS',
    ];
    for (const name of names) expect(described).toMatch(new RegExp(`^# ${name}=`, 'm'));
  });
});
