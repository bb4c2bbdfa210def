import type { BackupErrorCode } from './errors.ts';

/** What an examination of a database found: facts, no judgement. Sizes in bytes, times in milliseconds. */
export type Examination = {
  readonly place: { readonly host: string; readonly port: number; readonly database: string; readonly user: string };
  readonly reach: 'direct' | 'session pooler';
  readonly version: string;
  readonly versionNumber: number;
  readonly isEncrypted: boolean;
  readonly isReplica: boolean;
  readonly role: { readonly isSuperuser: boolean; readonly bypassesRls: boolean; readonly readsAll: boolean };
  /** What the role is held to outside of a backup: a backup's own session lifts them. 0 = no limit. */
  readonly limits: { readonly statementMs: number; readonly idleInTransactionMs: number };
  readonly schemas: readonly { readonly name: string; readonly isCovered: boolean; readonly tables: number; readonly sizeBytes: number }[];
  /** Why the covered tables cannot all be read whole; null: they can. */
  readonly refusal: { readonly code: BackupErrorCode; readonly title: string; readonly detail: string; readonly hint: string } | null;
  readonly signInUsers: number | null;
  readonly storedFiles: number | null;
  /** Covered tables without a primary key, as `schema.table`. */
  readonly withoutKey: readonly string[];
  readonly unlogged: readonly string[];
  readonly foreign: readonly string[];
  readonly largeObjects: number;
  /** Sentences about rows that look covered and are not. */
  readonly warnings: readonly string[];
};

/** One line of a diagnosis: `stop` means that no backup can be made, `warn` that something is worth knowing first. */
export type Finding = { readonly level: 'ok' | 'warn' | 'stop'; readonly title: string; readonly advice: string };

const LARGE_BYTES = 10e9;
const NEWEST_MAJOR = 18;
const OLDEST_MAJOR = 13;

/** Judges an examination, line by line, in the order in which a person would ask. */
export function diagnose(examination: Examination): Finding[] {
  return [
    reach(examination),
    version(examination),
    role(examination),
    readable(examination),
    limits(examination),
    encryption(examination),
    replica(examination),
    size(examination),
    managed(examination),
    keys(examination),
    leftOut(examination),
    ...examination.warnings.map(silentPart),
  ].filter((finding) => finding !== null);
}

function ok(title: string): Finding {
  return { level: 'ok', title, advice: '' };
}

function reach({ place, reach }: Examination): Finding {
  const way = reach === 'direct' ? 'directly' : 'through the session pooler';
  return ok(`Connected ${way}: ${place.host}:${place.port}, database “${place.database}”, user “${place.user}”.`);
}

function version({ version, versionNumber }: Examination): Finding {
  const major = Math.floor(versionNumber / 10_000);
  if (major < OLDEST_MAJOR)
    return { level: 'stop', title: `PostgreSQL ${version} is too old.`, advice: `Backups need version ${OLDEST_MAJOR} or newer.` };
  if (major > NEWEST_MAJOR) {
    return {
      level: major === NEWEST_MAJOR + 1 ? 'warn' : 'stop',
      title: `PostgreSQL ${version} is newer than the bundled pg_dump (${NEWEST_MAJOR}).`,
      advice: `Install postgresql-client-${major} where backups run, or update this product.`,
    };
  }
  return ok(`PostgreSQL ${version}.`);
}

function role({ role, place }: Examination): Finding {
  if (role.isSuperuser) return ok(`“${place.user}” is a superuser: it reads everything.`);
  const rights = [
    role.readsAll ? 'reads every table' : 'reads what it was granted',
    role.bypassesRls ? 'passes row-level security' : 'is subject to row-level security',
  ];
  return ok(`“${place.user}” ${rights.join(' and ')}.`);
}

function readable({ refusal }: Examination): Finding {
  if (refusal === null) return ok('Every covered table can be read, every row of it.');
  return { level: 'stop', title: `${refusal.title} ${refusal.detail}`.trim(), advice: refusal.hint };
}

function limits({ limits }: Examination): Finding | null {
  const set = [
    ...(limits.statementMs > 0 ? [`statements end after ${seconds(limits.statementMs)}`] : []),
    ...(limits.idleInTransactionMs > 0 ? [`idle transactions end after ${seconds(limits.idleInTransactionMs)}`] : []),
  ];
  return set.length === 0
    ? ok('The role has no time limits.')
    : ok(`Time limits of the role (${set.join(', ')}) are lifted for a backup’s own session.`);
}

function encryption({ isEncrypted, place }: Examination): Finding | null {
  if (isEncrypted) return ok('The connection is encrypted.');
  if (/^(localhost|127\.|\[?::1)/.test(place.host)) return null;
  return {
    level: 'warn',
    title: 'The connection is not encrypted.',
    advice: 'The server offers no TLS, or the connection string forbids it: turn it on there.',
  };
}

function replica({ isReplica }: Examination): Finding | null {
  if (!isReplica) return null;
  return {
    level: 'warn',
    title: 'This is a replica: a long backup may be cancelled when the primary changes much.',
    advice: 'Raise max_standby_streaming_delay there, or back up the primary.',
  };
}

function size({ schemas, refusal }: Examination): Finding | null {
  if (refusal !== null) return null;
  const covered = schemas.filter((schema) => schema.isCovered);
  const bytes = covered.reduce((sum, schema) => sum + schema.sizeBytes, 0);
  const tables = covered.reduce((sum, schema) => sum + schema.tables, 0);
  const title = `${tables.toLocaleString('en-US')} tables in ${covered.map((schema) => schema.name).join(', ') || 'no schema'}, ${megabytes(bytes)} on disk.`;
  if (tables === 0) return { level: 'warn', title: 'There is no table to back up.', advice: 'Is this the right database?' };
  return bytes > LARGE_BYTES
    ? { level: 'warn', title, advice: 'Made for up to about 10 GB: try one backup and look at its time.' }
    : ok(title);
}

function managed({ signInUsers, storedFiles }: Examination): Finding | null {
  if (signInUsers === null && storedFiles === null) return null;
  const parts = [
    ...(signInUsers === null ? [] : [`${signInUsers.toLocaleString('en-US')} sign-in users with their passwords’ hashes`]),
    ...(storedFiles === null ? [] : [`the list of ${storedFiles.toLocaleString('en-US')} stored files, not the files themselves`]),
  ];
  return ok(`Supabase: ${parts.join('; ')}.`);
}

function keys({ withoutKey }: Examination): Finding | null {
  if (withoutKey.length === 0) return null;
  return {
    level: 'warn',
    title: `Without a primary key: ${some(withoutKey)}.`,
    advice: 'They are backed up whole. A changed row in them can only be told as one gone and one come.',
  };
}

function leftOut({ unlogged, foreign, largeObjects }: Examination): Finding | null {
  const parts = [
    ...(unlogged.length === 0 ? [] : [`rows of unlogged tables (${some(unlogged)})`]),
    ...(foreign.length === 0 ? [] : [`rows of foreign tables (${some(foreign)})`]),
    ...(largeObjects === 0 ? [] : [`${largeObjects.toLocaleString('en-US')} large objects`]),
  ];
  if (parts.length === 0) return null;
  return {
    level: 'warn',
    title: `Not in a backup: ${parts.join('; ')}.`,
    advice: 'Keep them another way, or move them into plain tables.',
  };
}

function silentPart(title: string): Finding {
  return { level: 'warn', title, advice: 'Cover the schema too, or keep these rows another way.' };
}

function some(names: readonly string[]): string {
  return names.length <= 10 ? names.join(', ') : `${names.slice(0, 10).join(', ')} and ${names.length - 10} more`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toLocaleString('en-US')} s`;
}

function megabytes(bytes: number): string {
  return bytes < 1e9 ? `${Math.ceil(bytes / 1e6).toLocaleString('en-US')} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
