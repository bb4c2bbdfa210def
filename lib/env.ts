import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import { BackupError } from '#lib/backup/errors.ts';

/** What the environment says, checked. Secrets are in it: never log it. */
export type Env = LauncherEnv & {
  readonly supabaseUrl: string;
  readonly supabasePublishableKey: string;
  readonly supabaseSecretKey: string;
  /** Of the catalog, as a user that may `set role service_role`. */
  readonly databaseUrl: string;
  /** Absolute path of a certificate authority's PEM file, null for the system's own. */
  readonly databaseCaFile: string | null;
  /** What is backed up. */
  readonly sourceDatabaseUrl: string;
  /** Where backups are kept. */
  readonly storeUrl: string;
  /** Whether that is the product's own data folder, which is made at the first start; a folder that somebody named never is. */
  readonly isStoreOwn: boolean;
  /** Opens /api/runs. Made up anew by each process when the environment names none: then the door stays shut. */
  readonly runnerSecret: string;
  /** The host's limit for one request, in seconds; null on a machine that stays. */
  readonly runSeconds: number | null;
};

/** The part that is known before a database runs. */
export type LauncherEnv = {
  readonly host: string;
  readonly port: number;
  /** Absolute. */
  readonly dataFolder: string;
  /** Whether database and sign-in are the built-in ones. */
  readonly isEmbedded: boolean;
};

type Variables = Readonly<Record<string, string | undefined>>;

const EXAMPLES: Readonly<Record<string, string>> = {
  PORT: '3000',
  HOST: '127.0.0.1',
  PALIAD_DATA: '.paliad',
  SUPABASE_URL: 'https://abcdefgh.supabase.co',
  SUPABASE_PUBLISHABLE_KEY: 'sb_publishable_…',
  SUPABASE_SECRET_KEY: 'sb_secret_…',
  DATABASE_URL: 'postgres://postgres.abcdefgh:password@aws-0-eu-central-1.pooler.supabase.com:5432/postgres',
  DATABASE_CA_FILE: '/etc/ssl/supabase-ca.pem',
  SOURCE_DATABASE_URL: 'postgres://backup:password@db.example.com:5432/app',
  STORE_URL: 'file:///srv/backups',
  RUNNER_SECRET: '32 random bytes, as from: openssl rand -hex 32',
  RUN_SECONDS: '300',
};

const MISSING = 'is missing';
const required = z.string(MISSING);
const url = (schemes: RegExp) =>
  required.refine((value) => URL.canParse(value) && schemes.test(new URL(value).protocol), 'is not an address of this kind');
const supabaseUrl = url(/^https?:$/).transform((value) => value.replace(/\/+$/, ''));
const databaseUrl = url(/^postgres(ql)?:$/);
const seconds = z.coerce.number('is not a number').int('is not a whole number').min(30, 'is below 30').nullable();

const Launcher = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number('is not a number').int('is not a whole number').min(1, 'is not a port').max(65_535, 'is not a port').default(3000),
  PALIAD_DATA: z
    .string()
    .default('.paliad')
    .transform((path) => resolve(path)),
});
const Hosted = z.object({
  SUPABASE_URL: supabaseUrl,
  SUPABASE_PUBLISHABLE_KEY: required,
  SUPABASE_SECRET_KEY: required,
  DATABASE_URL: databaseUrl,
});
const Rest = z.object({
  DATABASE_CA_FILE: z
    .string()
    .transform((path) => resolve(path))
    .refine((path) => existsSync(path), 'names a file that does not exist')
    .nullable()
    .default(null),
  SOURCE_DATABASE_URL: databaseUrl.optional(),
  STORE_URL: url(/^(file|supabase|s3):$/).optional(),
  RUNNER_SECRET: z.string().min(16, 'is shorter than 16 characters').optional(),
  RUN_SECONDS: seconds.default(null),
});

let parsed: Env | undefined;

/**
 * The environment of this process, read and checked once.
 * Errors: ENVIRONMENT_INVALID, its detail names every missing or malformed variable with an example, and no value.
 */
export function env(): Env {
  parsed ??= parseEnv(process.env);
  return parsed;
}

/** What `npm start` needs before it knows the rest. With SUPABASE_URL set, a hosted project's variables are all checked. */
export function parseLauncherEnv(variables: Variables): LauncherEnv {
  const known = withoutEmpty(variables);
  const isEmbedded = known.SUPABASE_URL === undefined || known.PALIAD_EMBEDDED === '1';
  const launcher = check(isEmbedded ? Launcher : Launcher.extend(Hosted.shape).extend(Rest.shape), known);
  return { host: launcher.HOST, port: launcher.PORT, dataFolder: launcher.PALIAD_DATA, isEmbedded };
}

/** The same as `env`, of any set of variables. */
export function parseEnv(variables: Variables): Env {
  const known = withoutEmpty(variables);
  const all = check(Launcher.extend(Hosted.shape).extend(Rest.shape), known);
  return {
    host: all.HOST,
    port: all.PORT,
    dataFolder: all.PALIAD_DATA,
    isEmbedded: known.PALIAD_EMBEDDED === '1',
    supabaseUrl: all.SUPABASE_URL,
    supabasePublishableKey: all.SUPABASE_PUBLISHABLE_KEY,
    supabaseSecretKey: all.SUPABASE_SECRET_KEY,
    databaseUrl: all.DATABASE_URL,
    databaseCaFile: all.DATABASE_CA_FILE,
    sourceDatabaseUrl: all.SOURCE_DATABASE_URL ?? all.DATABASE_URL,
    isStoreOwn: all.STORE_URL === undefined,
    storeUrl: all.STORE_URL ?? pathToFileURL(join(all.PALIAD_DATA, 'artifacts')).href,
    runnerSecret: all.RUNNER_SECRET ?? randomBytes(32).toString('hex'),
    runSeconds: all.RUN_SECONDS,
  };
}

/** `NAME=` in a file of variables means: not set. The names that Next projects often use count too. */
function withoutEmpty(variables: Variables): Variables {
  const known = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined && value !== ''));
  return {
    ...known,
    SUPABASE_URL: known.SUPABASE_URL ?? known.NEXT_PUBLIC_SUPABASE_URL,
    SUPABASE_PUBLISHABLE_KEY:
      known.SUPABASE_PUBLISHABLE_KEY ?? known.NEXT_PUBLIC_SUPABASE_PUBLISHABLE_KEY ?? known.NEXT_PUBLIC_SUPABASE_ANON_KEY,
  };
}

function check<T>(schema: z.ZodType<T>, variables: Variables): T {
  const result = schema.safeParse(variables);
  if (result.success) return result.data;
  const complaints = new Map(result.error.issues.map((issue) => [String(issue.path[0]), issue.message]));
  const sentences = [...complaints].map(([name, message]) => `${name} ${message}. Example: ${name}=${EXAMPLES[name]}`);
  throw new BackupError('ENVIRONMENT_INVALID', sentences.join(' · '));
}

/** The folder in which a person typed the command: npm runs scripts in the project's own. */
export function callerFolder(): string {
  return process.env.INIT_CWD ?? process.cwd();
}
