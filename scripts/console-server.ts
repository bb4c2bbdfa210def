import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { NEXT, ROOT } from './build.ts';

/** The console's web server. */
export type ConsoleServer = {
  /** Settles when its process has ended, by itself or not. */
  readonly ended: Promise<void>;
  /** Lets it end what it is doing and returns when no process is left. */
  stop(): Promise<void>;
};

const READY_WITHIN_MS = 60_000;
const STOPS_WITHIN_MS = 20_000;
const PORTS_TRIED = 20;
/** What Next prints about itself when it starts; the lines for people say it already. */
const BANNER = /^\s*(▲|✓|- (Local|Network|Environments)|⚠ "next start"|$)/;

/** `port`, or the next free one after it, up to 19 further. Throws in words when all are taken. */
export async function choosePort(host: string, port: number): Promise<number> {
  for (let candidate = port; candidate < port + PORTS_TRIED; candidate++) if (await isFree(host, candidate)) return candidate;
  throw new Error(`The ports ${port} to ${port + PORTS_TRIED - 1} are all taken on ${host}. Choose another with PORT.`);
}

/** Starts the built console, or with `isDev` the one that rebuilds as sources change; returns when it answers. */
export async function startConsole(host: string, port: number, variables: NodeJS.ProcessEnv, isDev: boolean): Promise<ConsoleServer> {
  const command = [process.execPath, NEXT, isDev ? 'dev' : 'start', '-H', host, '-p', String(port)];
  const [program = '', ...options] = [...endsWithParent(), ...command];
  // A group of its own: Ctrl-C reaches only start.ts, which stops the parts one after the other.
  // Next would end at once; instrumentation.ts ends the server when the backup under way has been handed back.
  const env = { ...variables, NEXT_MANUAL_SIG_HANDLE: 'true' };
  const child = spawn(program, options, { cwd: ROOT, detached: true, stdio: ['ignore', 'pipe', 'pipe'], env });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => (isDev || !BANNER.test(line)) && process.stderr.write(`${line}\n`));
  }
  const ended = new Promise<void>((done, fail) => {
    child.once('error', fail);
    child.once('exit', () => done());
  });
  const server = { ended, stop: () => stop(child, ended) };
  try {
    await untilReady(child, host, port);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (hasEnded(child)) break;
    child.kill(signal);
    await Promise.race([ended, sleep(STOPS_WITHIN_MS, undefined, { ref: false })]);
  }
}

async function untilReady(child: ChildProcess, host: string, port: number): Promise<void> {
  const giveUpAt = Date.now() + READY_WITHIN_MS;
  while (!hasEnded(child) && Date.now() < giveUpAt) {
    // The sign-in page: the first page anybody sees is then already loaded.
    const response = await fetch(`${addressOf(host, port)}/login`).catch(() => null);
    if (response !== null) return;
    await sleep(50);
  }
  throw new Error(
    hasEnded(child) ? 'The console ended while it was starting; it says why above.' : `The console does not answer on port ${port}.`,
  );
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Where a browser on this machine finds the console. */
export function addressOf(host: string, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}`;
}

/** A prefix that has the kernel end the process with this one, where the system has such a thing (util-linux). */
function endsWithParent(): string[] {
  const prefix = ['setpriv', '--pdeathsig=TERM'];
  try {
    execFileSync('setpriv', ['--pdeathsig=TERM', 'true'], { stdio: 'ignore' });
    return prefix;
  } catch {
    return [];
  }
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((done, fail) => {
    const probe = createServer();
    probe.once('error', (error) =>
      'code' in error && (error.code === 'EADDRINUSE' || error.code === 'EACCES') ? done(false) : fail(error),
    );
    probe.listen(port, host, () => probe.close(() => done(true)));
  });
}
