import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MessageChannel, Worker } from 'node:worker_threads';
import type pg from 'pg';
import * as z from 'zod';
import { BackupError } from '#lib/backup/errors.ts';
import { cutSession, openSession, type Source } from './connect.ts';
import { urlForLibpq } from './tls.ts';

/** The major version of the pg_dump that comes with this product, as WebAssembly. */
export const BUNDLED_MAJOR = 18;

const READY_FOR_QUERY = 0x5a;
const TERMINATE = 0x58;
/** What libpq wants to know of the server before it says anything. */
const PARAMETERS = ['server_version', 'server_encoding', 'client_encoding', 'standard_conforming_strings', 'integer_datetimes'];

/**
 * Runs the bundled pg_dump over a session of our own: `pg` connects (TLS, SCRAM) and hands over its socket, pg_dump's
 * startup packet is answered here, everything after it is passed through. Returns the SQL.
 * @throws BackupError what `openSession` throws; SCHEMA_DUMP_FAILED or TABLE_NOT_READABLE with pg_dump's own words; TABLE_LOCKED
 */
export async function runBundledPgDump(source: Source, args: readonly string[], signal: AbortSignal): Promise<string> {
  const client = await openSession(source, signal);
  try {
    return await converse(client, await greetingOf(client), args, signal);
  } finally {
    cutSession(client);
  }
}

async function converse(client: pg.Client, greeting: Buffer, args: readonly string[], signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  const socket = client.connection.stream;
  const { port1: port, port2 } = new MessageChannel();
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL('./pg-dump-worker.ts', import.meta.url), {
    workerData: { port: port2, flag, args },
    transferList: [port2],
  });
  const give = (bytes: Uint8Array): void => {
    port.postMessage(bytes);
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
  };
  let isGreeted = false;
  let answer: Buffer[] = [];
  socket.removeAllListeners('data');
  socket.on('data', (bytes: Buffer) => {
    answer.push(bytes);
    if (!endsWithReady(bytes)) return;
    const whole = Buffer.concat(answer);
    if (!isWhole(whole)) return;
    answer = [];
    give(whole);
  });
  port.on('message', (bytes: Uint8Array) => {
    if (!isGreeted) {
      isGreeted = true;
      give(greeting);
    } else if (bytes[0] !== TERMINATE) {
      socket.write(bytes);
    }
  });
  try {
    return await new Promise<string>((resolve, reject) => {
      worker.once('message', (sql) => resolve(z.string().parse(sql)));
      worker.once('error', (cause) => reject(dumpFailed(reasonOf(cause), cause)));
      // Too late to matter when it has answered.
      worker.once('exit', (code) => reject(dumpFailed(`It ended with code ${code} and said nothing.`)));
      socket.once('close', () => reject(new BackupError('SOURCE_CONNECTION_LOST', 'While the table definitions were read.')));
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  } finally {
    port.close();
    await worker.terminate();
  }
}

/** The error for what pg_dump said: it asks for each table's lock and for the right to read it, too. */
function dumpFailed(said: string, cause?: unknown): BackupError {
  // It measures its waiting by the time of the statement.
  if (/canceling statement due to (lock|statement) timeout/.test(said)) return new BackupError('TABLE_LOCKED', '', { cause });
  // Its session had not yet taken the snapshot when the one that holds it ended.
  if (/snapshot ".*" does not exist|invalid snapshot/.test(said)) {
    return new BackupError('SOURCE_CONNECTION_LOST', 'While the table definitions were read.', { cause });
  }
  return new BackupError(said.includes('permission denied') ? 'TABLE_NOT_READABLE' : 'SCHEMA_DUMP_FAILED', said, { cause });
}

/** What pg_dump itself said, without the frame its JavaScript puts around it. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text
    .replace(/^pg_dump failed with exit code \d+\.\s*Error message:\s*/, '')
    .replace(/invalid binary "[^"]*": No such file or directory/, '')
    .replace(/pg-dump-worker\.\w+: /g, ' pg_dump: ')
    .trim();
}

async function greetingOf(client: pg.Client): Promise<Buffer> {
  const settings: Buffer[] = [];
  for (const name of PARAMETERS) {
    const { rows } = await client.query<Record<string, string>>(`show ${name}`);
    settings.push(message('S', Buffer.from(`${name}\0${spokenVersion(name, rows[0][name])}\0`)));
  }
  // AuthenticationOk, ParameterStatus…, BackendKeyData, ReadyForQuery (idle)
  return Buffer.concat([message('R', Buffer.alloc(4)), ...settings, message('K', Buffer.alloc(8)), message('Z', Buffer.from('I'))]);
}

/** One major version ahead of the bundled pg_dump is dumped as if it were the bundled one (the caller warns); else pg_dump refuses. */
function spokenVersion(name: string, value: string): string {
  return name === 'server_version' && Number.parseInt(value, 10) === BUNDLED_MAJOR + 1 ? `${BUNDLED_MAJOR}.99` : value;
}

function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, 0, 'latin1');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

function endsWithReady(bytes: Buffer): boolean {
  return bytes.length < 6 || bytes[bytes.length - 6] === READY_FOR_QUERY;
}

/** Whether these are whole messages, the last of them ReadyForQuery. */
function isWhole(bytes: Buffer): boolean {
  let at = 0;
  let last = 0;
  while (at + 5 <= bytes.length) {
    const end = at + 1 + bytes.readInt32BE(at + 1);
    if (end > bytes.length) return false;
    last = bytes[at];
    at = end;
  }
  return at === bytes.length && last === READY_FOR_QUERY;
}

const run = promisify(execFile);

/** The major version of the pg_dump on PATH; null: there is none. */
export async function nativePgDumpMajor(): Promise<number | null> {
  try {
    const { stdout } = await run('pg_dump', ['--version']);
    const found = /\(PostgreSQL\) (\d+)/.exec(stdout);
    return found === null ? null : Number(found[1]);
  } catch {
    return null;
  }
}

/**
 * Runs the pg_dump on PATH. Returns the SQL. The password goes by a file that only we can read: a command
 * line is visible to every user of the machine.
 * @throws BackupError SCHEMA_DUMP_FAILED or TABLE_NOT_READABLE with pg_dump's own words; TABLE_LOCKED
 */
export async function runNativePgDump(source: Source, args: readonly string[], signal: AbortSignal): Promise<string> {
  const url = new URL(urlForLibpq(source));
  const folder = await mkdtemp(join(tmpdir(), 'paliad-pg-dump-'));
  try {
    const passfile = join(folder, 'pgpass');
    await writeFile(passfile, `*:*:*:*:${decodeURIComponent(url.password).replace(/[\\:]/g, '\\$&')}\n`, { mode: 0o600 });
    url.password = '';
    url.searchParams.set('passfile', passfile);
    url.searchParams.set('application_name', source.applicationName);
    const { stdout } = await run('pg_dump', ['--no-password', ...args, url.href], { signal, maxBuffer: 1 << 30 });
    return stdout;
  } catch (cause) {
    signal.throwIfAborted();
    const said = typeof cause === 'object' && cause !== null && 'stderr' in cause ? String(cause.stderr).trim() : String(cause);
    throw dumpFailed(said, cause);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
