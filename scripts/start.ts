import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { BackupError } from '#lib/backup/errors.ts';
import { type LauncherEnv, parseLauncherEnv } from '#lib/env.ts';
import { examineDatabase } from '#lib/runner/doctor.ts';
import { build, isBuildDue, ROOT } from './build.ts';
import { addressOf, choosePort, startConsole } from './console-server.ts';
import { claimDataFolder } from './data-folder.ts';
import { type Stack, startStack } from './stack.ts';

/** Stops what was started, last started first; each is asked once. */
type Stops = (() => void | Promise<void>)[];

const began = performance.now();

function say(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}

/** Starts everything, serves until a signal, stops everything. Ends the process: 0 after a signal, 1 when something failed. */
export async function start(isDev: boolean): Promise<never> {
  const stops: Stops = [];
  const abort = new AbortController();
  const told = untilTold();
  let code = 0;
  try {
    const ended = Promise.race([told.then(() => abort.abort()), serve(isDev, stops, abort.signal)]);
    await ended;
  } catch (error) {
    if (!abort.signal.aborted) code = explain(error);
  }
  if (abort.signal.aborted) say('\nStopping …');
  for (const stop of stops.reverse()) await Promise.resolve(stop()).catch(() => {}); // what failed to start has said so
  if (abort.signal.aborted) say('Stopped.');
  process.exit(code);
}

/** Settles at the first signal that asks for the end, or when the process that started this one is gone. */
function untilTold(): Promise<void> {
  const parent = process.ppid;
  return new Promise((done) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => done());
    setInterval(() => process.ppid !== parent && done(), 500).unref();
  });
}

async function serve(isDev: boolean, stops: Stops, signal: AbortSignal): Promise<void> {
  const launcher = parseLauncherEnv(process.env);
  const claim = await claimDataFolder(launcher.dataFolder);
  stops.push(claim.release);
  const port = await choosePort(launcher.host, launcher.port);
  if (port !== launcher.port) say(`Port ${launcher.port} is taken: using ${port}.`);
  const address = addressOf(launcher.host, port);

  const stack = launcher.isEmbedded ? await startDatabase(launcher, address, stops) : null;
  if (signal.aborted) return;
  if (!isDev) await buildIfDue(signal);
  const serverStart = performance.now();
  const starting = startConsole(launcher.host, port, variables(launcher, port, stack, isDev), isDev);
  stops.push(async () => (await starting).stop());
  const server = await starting;
  say(`Console started in ${seconds(serverStart)}.`);
  claim.announce(address);
  welcome(address, stack);
  tellSource(process.env.SOURCE_DATABASE_URL || (stack === null ? process.env.DATABASE_URL : undefined)).catch(() => {}); // a courtesy: the console says it too
  throw new Error(
    await Promise.race([server.ended.then(() => 'The console ended by itself.'), stack?.ended ?? new Promise<string>(() => {})]),
  );
}

/** Which database is backed up, when it is not the built-in one, and at once what would keep a backup of it from being made. */
async function tellSource(url: string | undefined): Promise<void> {
  if (url === undefined) return;
  const coverage = { schemas: null, excludedSchemas: [], excludedData: [] };
  const { findings } = await examineDatabase(url, coverage, AbortSignal.timeout(30_000));
  const [first] = findings;
  say(first.level === 'ok' ? `Backs up: ${first.title.replace(/^Connected [^:]*: /, '')}` : 'Mind the database that is to be backed up:');
  for (const { level, title, advice } of findings) if (level === 'stop') say(`  ${title}\n  ${advice}`);
}

async function startDatabase({ dataFolder }: LauncherEnv, siteUrl: string, stops: Stops): Promise<Stack> {
  const startedAt = performance.now();
  const starting = startStack({ dataFolder, siteUrl, say });
  stops.push(async () => (await starting).stop());
  const stack = await starting;
  say(`Database started in ${seconds(startedAt)}.`);
  return stack;
}

async function buildIfDue(signal: AbortSignal): Promise<void> {
  if (!isBuildDue()) return;
  const startedAt = performance.now();
  say('Building the console (after an installation or a change; half a minute or so) …');
  await build(signal);
  say(`Built in ${seconds(startedAt)}.`);
}

/** The server's environment: this one, with the embedded project's values where a hosted project's would stand. */
function variables(launcher: LauncherEnv, port: number, stack: Stack | null, isDev: boolean): NodeJS.ProcessEnv {
  const own = {
    ...process.env,
    NODE_ENV: isDev ? 'development' : 'production',
    PORT: String(port),
    HOST: launcher.host,
    PALIAD_DATA: launcher.dataFolder,
  } as const;
  if (stack === null) return own;
  return {
    ...own,
    PALIAD_EMBEDDED: '1',
    SUPABASE_URL: stack.apiUrl,
    SUPABASE_PUBLISHABLE_KEY: stack.publishableKey,
    SUPABASE_SECRET_KEY: stack.secretKey,
    DATABASE_URL: stack.databaseUrl,
    RUNNER_SECRET: process.env.RUNNER_SECRET || stack.runnerSecret,
  };
}

function welcome(address: string, stack: Stack | null): void {
  say(`\nBackup Mode is ready at ${address} (${seconds(began)}).`);
  if (stack !== null) {
    const place = relative(ROOT, stack.signInsFile).startsWith('..') ? stack.signInsFile : relative(ROOT, stack.signInsFile);
    const shown = join(dirname(stack.signInsFile), 'sign-ins.shown');
    if (!existsSync(shown)) {
      writeFileSync(shown, ''); // the first time that a start gets this far
      for (const { email, password, role } of stack.signIns)
        say(`  ${email.padEnd(24)} ${password}  ${role === 'global_admin' ? 'sees and makes backups' : 'sees none'}`);
      say(`These sign-ins are kept in ${place}, readable by you alone.`);
    } else say(`The sign-ins stand in ${place}.`);
  }
  say('Stop with Ctrl-C.\n');
}

/** Says what went wrong and gives the exit code. */
function explain(error: unknown): number {
  if (error instanceof BackupError && error.code !== 'INTERNAL') say(`${error.title} ${error.detail}\n${error.hint}`);
  else say(error instanceof Error ? error.message : String(error));
  return 1;
}

if (import.meta.main) {
  parseArgs({ options: {} });
  await start(false);
}
