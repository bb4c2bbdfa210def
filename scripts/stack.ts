import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { type PostgresServer, startPostgres } from '#lib/postgres/server.ts';
import { applyGrants, applyMigrations, applySeed, prepareDatabase } from './migrations.ts';
import { loadSecrets, loadSignIns, type Secrets, type SignIn, signInsFile } from './secrets.ts';

/** What the embedded project is started with. */
export type StackOptions = {
  /** Absolute. Holds everything that is kept: pg/, secrets.json, sign-ins.txt and the logs. */
  readonly dataFolder: string;
  /** Address of the console, for links in mails. */
  readonly siteUrl: string;
  /** Like lines of postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Whether a new database gets the sample organisation; true when left out. */
  readonly isSeeded?: boolean;
  /** Told what is going on, in sentences for people. */
  readonly say?: (sentence: string) => void;
};

/** A running embedded Supabase project. */
export type Stack = {
  /** Of the API: what SUPABASE_URL is for a hosted project. */
  readonly apiUrl: string;
  /** Superuser's. */
  readonly databaseUrl: string;
  readonly publishableKey: string;
  readonly secretKey: string;
  readonly runnerSecret: string;
  readonly signIns: readonly SignIn[];
  /** Where the sign-ins stand in words. */
  readonly signInsFile: string;
  /** Whether the accounts were made by this start. */
  readonly isFirstStart: boolean;
  /** Settles when one of its two servers has ended, with which it was and what it said last. */
  readonly ended: Promise<string>;
  /** Stops the API, then the database. Returns when no process is left. */
  stop(): Promise<void>;
};

const LITE_STARTS_WITHIN_MS = 30_000;
const LOG_LIMIT_BYTES = 10_000_000;

/**
 * Starts Postgres, brings its schema up to date, starts the API and takes back what the API grants at its first request.
 * The order matters: the API lists functions and looks for row-level security once, when it starts.
 * Errors: SERVER_NOT_STARTED, MIGRATION_FAILED; nothing is left running then.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { dataFolder } = options;
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const secrets = await loadSecrets(dataFolder);
  const signIns = loadSignIns(dataFolder);
  const postgres = await startPostgres({
    dataFolder: join(dataFolder, 'pg'),
    password: secrets.postgresPassword,
    logFile: logFile(dataFolder, 'postgres.log'),
    settings: options.settings,
    say: options.say,
  });
  let lite: Lite | undefined;
  const stop = async () => {
    await lite?.stop();
    await postgres.stop();
  };
  try {
    const isFirstStart = await bringUpToDate(postgres, signIns, options);
    lite = await startLite(postgres, secrets, options);
    await warmUp(lite.apiUrl, secrets.secretKey);
    await withClient(postgres.url, applyGrants);
    return {
      apiUrl: lite.apiUrl,
      databaseUrl: postgres.url,
      publishableKey: secrets.publishableKey,
      secretKey: secrets.secretKey,
      runnerSecret: secrets.runnerSecret,
      signIns,
      signInsFile: signInsFile(dataFolder),
      isFirstStart,
      ended: Promise.race([postgres.ended.then((words) => `The database ended: ${words}`), lite.ended.then(() => 'The API server ended.')]),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Roles, sign-in, migrations, and on the first start the accounts and the sample organisation. Gives whether it was the first. */
async function bringUpToDate(postgres: PostgresServer, signIns: readonly SignIn[], options: StackOptions): Promise<boolean> {
  const say = options.say ?? (() => {});
  return withClient(postgres.url, async (client) => {
    await prepareDatabase(client);
    const migrations = await applyMigrations(client);
    if (migrations > 0) say(`Applied ${migrations} ${migrations === 1 ? 'migration' : 'migrations'} to the database.`);
    const isFirstStart = await addAccounts(client, signIns);
    if ((options.isSeeded ?? true) && (await applySeed(client))) say('Filled the sample organisation in.');
    return isFirstStart;
  });
}

/** Adds the accounts to a database that has none. A person who was removed later does not come back. */
async function addAccounts(client: pg.Client, signIns: readonly SignIn[]): Promise<boolean> {
  const { rows } = await client.query<{ is_empty: boolean }>('select not exists (select from paliad.users) as is_empty');
  if (rows[0]?.is_empty !== true) return false;
  const addUser = readFileSync(join(import.meta.dirname, 'add-user.sql'), 'utf8');
  await client.query("begin; select set_config('paliad.audit_reason', 'first start', true)");
  for (const { email, password, role } of signIns) {
    await client.query(addUser, [email, password]);
    const member =
      'insert into paliad.users (id, email, global_role) select id, email, $2 from auth.users where email = $1 on conflict (id) do nothing';
    await client.query(member, [email, role]);
  }
  await client.query('commit');
  return true;
}

type Lite = { readonly apiUrl: string; readonly ended: Promise<void>; stop(): Promise<void> };

async function startLite(postgres: PostgresServer, secrets: Secrets, { dataFolder, siteUrl }: StackOptions): Promise<Lite> {
  const file = logFile(dataFolder, 'supabase.log');
  const log = openSync(file, 'a', 0o600);
  const child = fork(join(import.meta.dirname, 'lite.ts'), { detached: true, stdio: ['ignore', log, log, 'ipc'], execArgv: [] });
  closeSync(log);
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  const { jwtSecret, publishableKey, secretKey } = secrets;
  child.send({ databaseUrl: postgres.url, siteUrl, jwtSecret, publishableKey, secretKey });
  const port = await portOf(child).catch((cause: unknown) => {
    child.kill('SIGKILL');
    throw new Error(`The API server did not start; ${file} says why.`, { cause });
  });
  return {
    apiUrl: `http://127.0.0.1:${port}`,
    ended,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await ended;
    },
  };
}

function portOf(child: ChildProcess): Promise<number> {
  return new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error('timeout')), LITE_STARTS_WITHIN_MS);
    child.once('exit', () => fail(new Error('it ended')));
    child.once('message', (message) => {
      clearTimeout(timer);
      if (typeof message === 'object' && message !== null && 'port' in message) done(Number(message.port));
      else fail(new Error('it sent no port'));
    });
  });
}

/** The first data request, at which the API server grants everything to everybody. */
async function warmUp(apiUrl: string, secretKey: string): Promise<void> {
  const response = await fetch(`${apiUrl}/rest/v1/users?limit=1`, { headers: { apikey: secretKey, 'accept-profile': 'paliad' } });
  if (!response.ok) throw new Error(`The API server answers ${response.status}: ${(await response.text()).slice(0, 200)}`);
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The log's path; a log that has grown large begins anew, and the one before it is kept. */
function logFile(dataFolder: string, name: string): string {
  const file = resolve(dataFolder, name);
  const sizeBytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (sizeBytes > LOG_LIMIT_BYTES) renameSync(file, `${file}.old`);
  return file;
}
