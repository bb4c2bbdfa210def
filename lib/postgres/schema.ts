import { createHash } from 'node:crypto';
import { BackupError } from '#lib/backup/errors.ts';
import { cutSession, openSession, type Source } from './connect.ts';
import { tableLocked } from './locks.ts';
import { BUNDLED_MAJOR, nativePgDumpMajor, runBundledPgDump, runNativePgDump } from './pg-dump.ts';
import type { Snapshot } from './snapshot.ts';

/** The definitions of everything covered, as SQL. */
export type SchemaDump = {
  /** Types, tables, functions: what must be there before rows. */
  readonly pre: string;
  /** Keys, indexes, triggers, policies: what comes after rows. */
  readonly post: string;
  /** Changes when a definition changes, and only then. 64 hex digits. */
  readonly fingerprint: string;
  /** Which pg_dump wrote it. */
  readonly pgDump: string;
  readonly warnings: readonly string[];
};

/**
 * Dumps the definitions on the snapshot, by the real pg_dump, over a session of its own. Schemas that are not covered are
 * excluded by name: choosing schemas (`--schema`) would leave out extensions, publications and event triggers.
 * `added` is SQL that no such dump holds (`managedObjects`, `refreshStatements`): it stands behind the rest.
 * @throws BackupError SOURCE_TOO_NEW, SCHEMA_DUMP_FAILED, TABLE_NOT_READABLE, TABLE_LOCKED, and what `openSession` throws
 */
export async function dumpSchema(source: Source, snapshot: Snapshot, added: string, signal: AbortSignal): Promise<SchemaDump> {
  const common = [
    '--schema-only',
    '--no-tablespaces',
    '--no-subscriptions',
    `--snapshot=${snapshot.exportedId}`,
    // Somebody who waits for a table that the snapshot has locked makes pg_dump wait behind him, and he waits for the snapshot,
    // which waits for pg_dump: a circle that the server cannot see. This ends it.
    `--lock-wait-timeout=${snapshot.lockTimeoutMs}`,
    ...snapshot.otherSchemas.map((schema) => `--exclude-schema="${schema.replaceAll('"', '""')}"`),
  ];
  const choice = choosePgDump(Math.floor(snapshot.server.versionNumber / 10_000), await nativePgDumpMajor());
  const run = choice.tool === 'bundled' ? runBundledPgDump : runNativePgDump;
  const dump = async (section: string): Promise<string> =>
    cleanDump(await run(source, [...common, `--section=${section}`], signal).catch((error) => named(error, source, snapshot, signal)));
  // One after the other: at once they would need 30 MB and a session more, and the rows take longer than both.
  const pre = await dump('pre-data');
  const post = await dump('post-data');
  return {
    pre,
    post: post + added,
    fingerprint: createHash('sha256').update(pre).update(post).update(added).digest('hex'),
    pgDump: `${choice.tool} ${choice.major}`,
    warnings: choice.warnings,
  };
}

/** pg_dump lists every table when it waited for one in vain: the server knows which one it was. */
async function named(error: unknown, source: Source, snapshot: Snapshot, signal: AbortSignal): Promise<never> {
  if (!(error instanceof BackupError) || error.code !== 'TABLE_LOCKED') throw error;
  const client = await openSession(source, signal);
  try {
    throw await tableLocked(client, snapshot.tables, snapshot.lockTimeoutMs);
  } finally {
    cutSession(client);
  }
}

type PgDumpChoice = { tool: 'bundled' | 'native'; major: number; warnings: string[] };

/**
 * The bundled pg_dump, unless the server is newer: then one on PATH that is new enough; with neither, one major version
 * ahead is tried with a warning, further ahead is refused.
 * @throws BackupError SOURCE_TOO_NEW
 */
export function choosePgDump(serverMajor: number, nativeMajor: number | null): PgDumpChoice {
  if (serverMajor <= BUNDLED_MAJOR) return { tool: 'bundled', major: BUNDLED_MAJOR, warnings: [] };
  if (nativeMajor !== null && nativeMajor >= serverMajor) return { tool: 'native', major: nativeMajor, warnings: [] };
  if (serverMajor === BUNDLED_MAJOR + 1) {
    const warning = `The server runs Postgres ${serverMajor}, the bundled pg_dump knows versions up to ${BUNDLED_MAJOR}: definitions of new kinds may be missing. Install postgresql-client-${serverMajor}.`;
    return { tool: 'bundled', major: BUNDLED_MAJOR, warnings: [warning] };
  }
  throw new BackupError('SOURCE_TOO_NEW', `The server has version ${serverMajor}, the bundled pg_dump ${BUNDLED_MAJOR}.`);
}

/** `set` that servers before 17, which lack the setting, take too. Only the first: it stands in the dump's head. */
const TRANSACTION_TIMEOUT =
  "SELECT pg_catalog.set_config('transaction_timeout', '0', false) FROM pg_catalog.pg_settings WHERE name = 'transaction_timeout';\n";

/**
 * Takes out what belongs to this one dump or this one server: the random \restrict token and the version comments, both in the
 * dump's head alone (the same words may stand in a function), and `pg_attver`, which servers of the newest minor releases keep
 * among a column's options and others do not know.
 */
export function cleanDump(sql: string): string {
  const headEnd = Math.max(sql.search(/^SET /m), 0);
  const head = sql.slice(0, headEnd);
  const token = /^\\restrict (\S+)$/m.exec(head)?.[1];
  const cleanHead = head.replace(/^\\restrict\b.*\n/m, '').replace(/^-- Dumped (?:from database|by pg_dump) version .*\n/gm, '');
  const rest = sql.slice(headEnd).replace(/^SET transaction_timeout = 0;\n/m, TRANSACTION_TIMEOUT);
  const cleanRest = token === undefined ? rest : rest.replace(`\\unrestrict ${token}\n`, '');
  return cleanHead + cleanRest.replace(/^ALTER TABLE .* ALTER COLUMN .* SET \(pg_attver='?\d+'?\);\n/gm, '');
}
