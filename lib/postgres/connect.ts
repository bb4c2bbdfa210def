import pg from 'pg';
import { BackupError } from '#lib/backup/errors.ts';
import { PreferringPool, saysNoTls, waysTo } from './tls.ts';

/** Port of Supabase's transaction pooler: each transaction may land on another server session. */
const TRANSACTION_POOLER_PORT = 6543;
/** How many statements a pooler may give to one session of the server by chance. */
const POOLER_TRIES = 3;

/**
 * Settings that make COPY text the same on every server and let a snapshot live as long as it must. Each was shown to lose
 * data or to fail without it; Supabase, for one, stops statements after two minutes.
 */
const PINS = [
  ...["datestyle = 'ISO, YMD'", "timezone = 'UTC'", "intervalstyle = 'postgres'", 'extra_float_digits = 1', "bytea_output = 'hex'"],
  ...["lc_monetary = 'C'", "client_encoding = 'UTF8'", "search_path = ''", 'row_security = off', 'synchronize_seqscans = off'],
  ...['statement_timeout = 0', 'idle_in_transaction_session_timeout = 0'],
];

/** The same again for one transaction: to be sent as its first statement. It does not fix the transaction's snapshot. */
export const PINS_OF_TRANSACTION = PINS.map((pin) => `set local ${pin}`).join('; ');

/**
 * A server at work on a statement looks only so often whether its client is still there: without this, a cut session would go
 * on counting a large table, or waiting for a lock that others queue behind.
 */
const NOTICE_OUR_END = `set client_connection_check_interval = '500ms'`;

/** How to reach a database. */
export type Source = {
  /** `postgres://user:password@host:port/database` */
  readonly url: string;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
  /** Absolute path of a certificate authority's PEM file: a server elsewhere must prove by it who it is. */
  readonly caFile?: string | null;
};

/** Host, port, database and user of a connection string, without its password: safe to show. */
export function describeUrl(url: string): { host: string; port: number; database: string; user: string } {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new BackupError('SOURCE_URL_INVALID');
  }
  if (!/^postgres(ql)?:$/.test(parsed.protocol)) throw new BackupError('SOURCE_URL_INVALID');
  const user = decode(parsed.username);
  return {
    host: parsed.hostname || parsed.searchParams.get('host') || 'localhost',
    port: Number(parsed.port || 5432),
    database: decode(parsed.pathname.slice(1)) || user || 'postgres',
    user,
  };
}

/**
 * Opens one session with every setting pinned. The caller ends it with `client.end()`, or cuts it with `cutSession`. An abort
 * ends the attempt at once; after that the session is the caller's.
 * @throws BackupError SOURCE_URL_INVALID, SOURCE_IS_POOLER, SOURCE_UNREACHABLE, SOURCE_AUTH_FAILED, SOURCE_TOO_OLD; the abort's reason
 */
export async function openSession(source: Source, signal: AbortSignal): Promise<pg.Client> {
  signal.throwIfAborted();
  const place = describeUrl(source.url);
  if (place.port === TRANSACTION_POOLER_PORT) {
    throw new BackupError('SOURCE_IS_POOLER', `Instead of port ${place.port} use ${place.host}:5432 with the same user and password.`);
  }
  for (const way of waysTo(source)) {
    const client = createClient(source, way);
    const cut = (): void => cutSession(client);
    signal.addEventListener('abort', cut, { once: true });
    try {
      await client.connect();
      await pin(client);
      return client;
    } catch (error) {
      cutSession(client);
      signal.throwIfAborted();
      if (way.ssl !== undefined && saysNoTls(error)) continue;
      throw asSourceError(error, `${place.host}:${place.port}, database “${place.database}”, user “${place.user}”`);
    } finally {
      signal.removeEventListener('abort', cut);
    }
  }
  throw new BackupError('INTERNAL', 'There was no way left to connect.');
}

async function pin(client: pg.Client): Promise<void> {
  await client.query(PINS.map((setting) => `set ${setting}`).join('; '));
  const { rows } = await client.query<{ version: number }>("select current_setting('server_version_num')::int as version");
  const version = rows[0].version;
  if (version < 130_000) throw new BackupError('SOURCE_TOO_OLD', `The server has version ${Math.floor(version / 10_000)}.`);
  if (version >= 170_000) await client.query('set transaction_timeout = 0');
  if (version >= 140_000) await client.query(NOTICE_OUR_END);
  await refusePooler(client);
}

/** A pooler on any port, when it gives the next statement to another session of the server. */
async function refusePooler(client: pg.Client): Promise<void> {
  const sessions = new Set<number>();
  for (let asked = 0; asked < POOLER_TRIES; asked++) {
    sessions.add((await client.query<{ pid: number }>('select pg_catalog.pg_backend_pid() as pid')).rows[0].pid);
  }
  if (sessions.size > 1) throw new BackupError('SOURCE_IS_POOLER', 'Two statements went to two sessions of the server.');
}

function createClient(source: Source, way: Pick<pg.ClientConfig, 'connectionString' | 'ssl'>): pg.Client {
  try {
    const client = new pg.Client({
      ...way,
      application_name: source.applicationName,
      connectionTimeoutMillis: 20_000,
      keepAlive: true,
      // Without a delay the system waits two hours before it asks whether the other end is still there.
      keepAliveInitialDelayMillis: 30_000,
    });
    // Without a listener a cut connection ends the whole program; the query under way reports it anyway.
    client.on('error', () => {});
    return client;
  } catch (cause) {
    // The driver decodes what `URL` lets pass, and reads the certificates that the parameters name. Its message may hold the password.
    throw new BackupError('SOURCE_URL_INVALID', codeOf(cause) === 'ENOENT' ? 'A certificate file that it names is not there.' : '', {
      cause: new Error(cause instanceof Error ? cause.name : 'unknown'),
    });
  }
}

/** Closes the connection at once, whatever is under way on it; the server notices and stops its work. */
export function cutSession(client: pg.Client): void {
  client.connection.stream.destroy();
}

const UNREACHABLE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', '57P03', '53300']);
const LOST = new Set(['ECONNRESET', 'EPIPE', '57P01', '57P02', '08006', '08003']);
/** What the driver says of a connection that has gone, without a code. */
const LOST_WORDS = /^Connection terminated|is not queryable$/;
/** Codes of Node's TLS, and the driver's words for a server without it. */
const TLS_FAILED = /CERT|SIGNATURE|^ERR_(SSL|TLS)|^EPROTO$/;
const TLS_WORDS = /does not support SSL|SSL connection/;

/**
 * What a driver's error means to a person. `where` names the place or the statement, without row data.
 * Classes of SQLSTATE: PostgreSQL manual, appendix A.
 */
export function asSourceError(error: unknown, where: string): BackupError {
  if (error instanceof BackupError) return error;
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  const said = `${where}: ${message}`;
  if (code === '28P01' || code === '28000' || message.includes('password must be a string')) {
    return new BackupError('SOURCE_AUTH_FAILED', said, { cause: error });
  }
  if (code === '3D000') return new BackupError('SOURCE_NOT_FOUND', where, { cause: error });
  if (UNREACHABLE.has(code) || message.includes('timeout expired')) {
    return new BackupError('SOURCE_UNREACHABLE', said, { cause: error });
  }
  if (TLS_FAILED.test(code) || TLS_WORDS.test(message)) return new BackupError('SOURCE_UNREACHABLE', said, { cause: error });
  if (LOST.has(code) || LOST_WORDS.test(message)) return new BackupError('SOURCE_CONNECTION_LOST', where, { cause: error });
  if (code === '55P03') return new BackupError('TABLE_LOCKED', said, { cause: error });
  if (code === '42501') {
    const isHidden = message.includes('row-level security');
    return new BackupError(isHidden ? 'ROWS_HIDDEN' : 'TABLE_NOT_READABLE', said, { cause: error });
  }
  if (error instanceof pg.DatabaseError) return new BackupError('QUERY_FAILED', said, { cause: error });
  return new BackupError('INTERNAL', where, { cause: error });
}

function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string') return error.code;
  return '';
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * A few connections to a database, opened when they are needed. For short statements, each in a transaction of its own: one that
 * has no answer after 20 s fails, as a link that broke without a word would otherwise hold its caller for ever.
 */
export function openPool(source: Source): pg.Pool {
  const pool = new PreferringPool(source, {
    application_name: source.applicationName,
    max: 4,
    connectionTimeoutMillis: 10_000,
    query_timeout: 20_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 30_000,
    idleTimeoutMillis: 30_000,
  });
  // An idle connection that breaks is replaced by the pool; without a listener it would end the program.
  pool.on('error', () => {});
  return pool;
}
