import { TLSSocket } from 'node:tls';
import pg from 'pg';
import type { Source } from './connect.ts';

/** What `pg` takes: an address, and how to encrypt where the address does not say. */
type Driver = Pick<pg.ClientConfig, 'connectionString' | 'ssl'>;

/** Parameters of a connection string by which it says itself what it wants. */
const TLS_PARAMETERS = ['sslmode', 'ssl', 'sslrootcert', 'sslcert', 'sslkey', 'sslnegotiation'];
/** Values that ask for a verified certificate without naming who vouches for it. */
const VERIFYING = ['prefer', 'require', 'verify-ca', 'verify-full', 'true', '1'];

/**
 * The ways to connect, the first that the server takes counts. A string that says what it wants is taken as it is; to this
 * machine nothing is encrypted; else TLS, and without it only when the server has none: libpq's `prefer`. With a certificate
 * authority of the source's own the server must prove who it is, and there is no second way.
 */
export function waysTo(source: Source): readonly Driver[] {
  const url = new URL(source.url);
  const named = TLS_PARAMETERS.filter((name) => url.searchParams.has(name));
  if (named.length === 0 && isThisMachine(url)) return [{ connectionString: source.url }];
  const caFile = source.caFile ?? null;
  if (caFile !== null && isOpenToAuthority(url, named)) return [{ connectionString: verifiedUrl(url, caFile) }];
  if (named.length > 0) return [{ connectionString: source.url }];
  return [{ connectionString: source.url, ssl: { rejectUnauthorized: false } }, { connectionString: source.url }];
}

/** The address for a program that knows connection strings but not our source: libpq prefers TLS by itself. */
export function urlForLibpq(source: Source): string {
  return waysTo(source)[0].connectionString ?? source.url;
}

/** Whether rows go over a network in clear text though nobody said that they may. */
export function isExposed(source: Source, client: pg.Client): boolean {
  return waysTo(source).length > 1 && !(client.connection.stream instanceof TLSSocket);
}

/** Whether this is the driver's word for a server that has no TLS at all. */
export function saysNoTls(error: unknown): boolean {
  return error instanceof Error && error.message === 'The server does not support SSL connections';
}

function isOpenToAuthority(url: URL, named: readonly string[]): boolean {
  const modes = ['sslmode', 'ssl'].flatMap((name) => url.searchParams.getAll(name));
  return !named.includes('sslrootcert') && modes.every((mode) => VERIFYING.includes(mode));
}

function verifiedUrl(url: URL, caFile: string): string {
  const verified = new URL(url);
  verified.searchParams.delete('ssl');
  verified.searchParams.set('sslmode', 'verify-full');
  verified.searchParams.set('sslrootcert', caFile);
  return verified.href;
}

function isThisMachine(url: URL): boolean {
  // The parameter counts first for the driver, too. A name that begins with a slash is a socket's folder.
  const host = (url.searchParams.get('host') ?? url.hostname).replaceAll(/%2f/gi, '/');
  return /^$|^\/|^localhost$|^127\.|^\[?::1\]?$/.test(host);
}

/** A pool whose connections are encrypted where the server can; what it was told once, it keeps to. */
export class PreferringPool extends pg.Pool {
  readonly #mayBePlain: boolean;

  constructor(source: Source, options: pg.PoolConfig) {
    const ways = waysTo(source);
    super({ ...options, ...ways[0] });
    this.#mayBePlain = ways.length > 1;
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(
    callback: (error: Error | undefined, client: pg.PoolClient | undefined, done: (release?: unknown) => void) => void,
  ): void;
  override connect(
    callback?: (error: Error | undefined, client: pg.PoolClient | undefined, done: (release?: unknown) => void) => void,
  ): Promise<pg.PoolClient> | undefined {
    const connecting = this.#connect();
    if (callback === undefined) return connecting;
    connecting.then(
      (client) => callback(undefined, client, (release) => client.release(release === undefined ? undefined : true)),
      (error) => callback(error, undefined, () => {}),
    );
    return undefined;
  }

  async #connect(): Promise<pg.PoolClient> {
    try {
      return await super.connect();
    } catch (error) {
      if (!this.#mayBePlain || !saysNoTls(error)) throw error;
      this.options.ssl = undefined;
      return await super.connect();
    }
  }
}
