import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BackupError } from '#lib/backup/errors.ts';
import { giveToServer, launch } from './server-account.ts';
import { findBinaries, type ServerBinaries } from './server-binaries.ts';
import { endLeftoverServer } from './server-leftover.ts';

/** What a server is started with. */
export type ServerOptions = {
  /** Absolute. Created and initialised when it does not exist; kept when the server stops. */
  readonly dataFolder: string;
  /** Of the superuser `postgres`; counts when the folder is created. */
  readonly password: string;
  /** The server's own log; lines are appended. */
  readonly logFile: string;
  /** On 127.0.0.1. Without it a free one is taken. */
  readonly port?: number;
  /** Like lines of postgresql.conf. `fsync: 'off'` is for throwaway servers. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Where another Postgres's initdb and postgres lie, instead of the bundled Postgres 18. */
  readonly binFolder?: string;
  /** Told, in a sentence for people, what was left over from an earlier start and what is done about it. */
  readonly say?: (sentence: string) => void;
};

/** A running server. */
export type PostgresServer = {
  /** postgres://postgres:…@127.0.0.1:PORT/postgres */
  readonly url: string;
  readonly port: number;
  readonly processId: number;
  /** Whether the data folder was created by this start. */
  readonly isNew: boolean;
  /** Settles when the server's process has ended, with what its log said last; whether by `stop` or by itself. */
  readonly ended: Promise<string>;
  /** Ends open sessions and the server, cleanly. Returns when no process is left. May be called twice. */
  stop(): Promise<void>;
};

const READY_WITHIN_MS = 60_000;
const STOPS_WITHIN_MS = 30_000;
const PORT_TRIES = 5;

/**
 * Starts Postgres on a data folder, listening on 127.0.0.1 alone, and returns when it answers. It ends with this process,
 * however that ends. A server that a killed start left on the folder is stopped first.
 * Errors: SERVER_NOT_STARTED, its detail says what the server reported.
 */
export async function startPostgres(options: ServerOptions): Promise<PostgresServer> {
  const binaries = findBinaries(options.binFolder);
  await endLeftoverServer(options.dataFolder, options.say ?? (() => {}));
  const isNew = await initialiseIfMissing(binaries, options);
  refuseOtherVersion(binaries, options.dataFolder);
  giveToServer(options.dataFolder);
  for (let tries = 1; ; tries++) {
    const port = options.port ?? (await freePort());
    const running = await tryStart(binaries, options, port);
    if (running.isReady) return server(options, port, isNew, running);
    const isPortTaken = /address already in use/i.test(running.report);
    if (options.port === undefined && isPortTaken && tries < PORT_TRIES) continue; // taken between looking and starting
    throw new BackupError('SERVER_NOT_STARTED', isPortTaken ? `Port ${port} is taken by another program.` : running.report);
  }
}

type Running = { readonly child: ChildProcess; readonly processId: number; readonly ended: Promise<string>; readonly isReady: true };
type Refused = { readonly isReady: false; readonly report: string };

function server(options: ServerOptions, port: number, isNew: boolean, { child, processId, ended }: Running): PostgresServer {
  const endWithUs = () => child.kill('SIGINT');
  process.once('exit', endWithUs);
  return {
    url: `postgres://postgres:${encodeURIComponent(options.password)}@127.0.0.1:${port}/postgres`,
    port,
    processId,
    isNew,
    ended,
    async stop() {
      process.off('exit', endWithUs);
      // SIGINT: sessions are ended, everything is written. SIGQUIT, when that hangs: crash-safe, the next start recovers.
      for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
        if (child.exitCode !== null || child.signalCode !== null) break;
        child.kill(signal);
        await Promise.race([ended, sleep(STOPS_WITHIN_MS, undefined, { ref: false })]);
      }
      await ended;
    },
  };
}

/** initdb works beside the final place and is moved there whole: a folder that exists is one that works. */
async function initialiseIfMissing(binaries: ServerBinaries, options: ServerOptions): Promise<boolean> {
  const { dataFolder } = options;
  if (existsSync(join(dataFolder, 'PG_VERSION'))) return false;
  if (existsSync(dataFolder)) removeIfEmpty(dataFolder);
  const unfinished = `${dataFolder}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(dirname(dataFolder), { recursive: true });
  mkdirSync(unfinished, { mode: 0o700 });
  giveToServer(unfinished);
  const secret = mkdtempSync(join(tmpdir(), 'paliad-'));
  try {
    const passwordFile = join(secret, 'password');
    writeFileSync(passwordFile, `${options.password}\n`, { mode: 0o600 });
    giveToServer(secret);
    await initdb(binaries, unfinished, passwordFile, options.settings?.fsync === 'off');
  } finally {
    rmSync(secret, { recursive: true, force: true });
  }
  renameSync(unfinished, dataFolder);
  return true;
}

function cannotRun(program: string, cause: Error): string {
  const advice =
    process.getuid?.() === 0
      ? ' Started by root it runs as another user, who must be able to get there: install setpriv (util-linux), or start as a plain user.'
      : '';
  return `${program} cannot be run: ${cause.message}.${advice}`;
}

function removeIfEmpty(folder: string): void {
  if (readdirSync(folder).length > 0)
    throw new BackupError('SERVER_NOT_STARTED', `The folder ${folder} holds something, but no Postgres data. Move it away.`);
  rmdirSync(folder);
}

async function initdb(binaries: ServerBinaries, folder: string, passwordFile: string, isThrowaway: boolean): Promise<void> {
  // C sorts by code point, the same everywhere; from 17 on upper() and lower() know umlauts all the same.
  const locale =
    binaries.majorVersion >= 17 ? ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : ['--locale=C.UTF-8'];
  const options = [
    `--pgdata=${folder}`,
    '--username=postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    ...locale,
  ];
  const program = launch(binaries.initdb, isThrowaway ? [...options, '--no-sync'] : options);
  const child = spawn(program.command, program.options, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: serverEnvironment(),
    uid: program.uid,
    gid: program.gid,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', (cause) => reject(new BackupError('SERVER_NOT_STARTED', cannotRun(binaries.initdb, cause), { cause })));
    child.on('close', resolve);
  });
  if (code !== 0) throw new BackupError('SERVER_NOT_STARTED', `The database folder ${folder} could not be created: ${lastLines(output)}`);
}

function refuseOtherVersion(binaries: ServerBinaries, dataFolder: string): void {
  const version = readFileSync(join(dataFolder, 'PG_VERSION'), 'utf8').trim();
  if (version === String(binaries.majorVersion)) return;
  const detail = `The folder ${dataFolder} was made by Postgres ${version}, this is Postgres ${binaries.majorVersion}. Move the folder away to begin anew.`;
  throw new BackupError('SERVER_NOT_STARTED', detail);
}

async function tryStart(binaries: ServerBinaries, options: ServerOptions, port: number): Promise<Running | Refused> {
  const settings = { listen_addresses: '127.0.0.1', unix_socket_directories: '', port: String(port), ...options.settings };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const program = launch(binaries.postgres, ['-D', options.dataFolder, ...flags]);
  const log = openSync(options.logFile, 'a', 0o600);
  const logStart = statSync(options.logFile).size;
  // A group of its own: Ctrl-C must not stop the server before those who still write to it have ended.
  const { command, options: words, uid, gid } = program;
  const child = spawn(command, words, { detached: true, stdio: ['ignore', log, log], env: serverEnvironment(), uid, gid });
  closeSync(log);
  const ended = new Promise<string>((resolve) => {
    child.on('error', (cause) => resolve(cannotRun(binaries.postgres, cause)));
    child.on('exit', () => resolve(reportOf(options.logFile, logStart)));
  });
  const processId = child.pid;
  if (processId === undefined) return { isReady: false, report: await ended };
  const giveUpAt = Date.now() + READY_WITHIN_MS;
  while (!isReady(options.dataFolder, processId)) {
    if (child.exitCode !== null || child.signalCode !== null) return { isReady: false, report: await ended };
    if (Date.now() > giveUpAt) {
      child.kill('SIGQUIT');
      return { isReady: false, report: `It was not ready within ${READY_WITHIN_MS / 1000} s. ${await ended}` };
    }
    await sleep(20);
  }
  return { isReady: true, child, processId, ended };
}

/** The server writes its process id and its state into this file: the way pg_ctl waits, and it needs no connection. */
function isReady(dataFolder: string, processId: number): boolean {
  try {
    const lines = readFileSync(join(dataFolder, 'postmaster.pid'), 'utf8').split('\n');
    return lines[0] === String(processId) && lines[7]?.trim() === 'ready';
  } catch {
    return false;
  }
}

/** The environment without PG… variables: they would reconfigure the server. Messages are English, for the words above. */
function serverEnvironment(): NodeJS.ProcessEnv {
  // biome-ignore lint/style/noProcessEnv: handed on to the server as it is (time zone, temporary folder), nothing of it is a setting of ours.
  const kept: NodeJS.ProcessEnv = { ...process.env, LC_ALL: 'C' };
  for (const name of Object.keys(kept)) if (/^(PG|LANG|LC_(?!ALL))/.test(name)) delete kept[name];
  return kept;
}

function reportOf(logFile: string, from: number): string {
  try {
    return lastLines(readFileSync(logFile).subarray(from).toString('utf8'));
  } catch {
    return `See ${logFile}.`;
  }
}

/** What matters of a server's output, on one line: its complaints if it has any, else its last words. */
function lastLines(output: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const complaints = lines.filter((line) => /FATAL|PANIC|ERROR|error:|could not/.test(line));
  return (complaints.length > 0 ? complaints : lines).slice(-3).join(' ');
}

/** A port on 127.0.0.1 that nobody listens on at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
