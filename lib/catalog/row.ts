import * as z from 'zod';
import { type Backup, explainFailure, inWords } from '#lib/backup/backup.ts';

/** Both spellings that arrive here: `2026-11-24T06:44:53.02+00:00` and `2026-11-24 06:44:53.02+00`; and the driver's own Date. */
const Moment = z.union([z.date(), z.string()]).transform((value, context) => {
  const moment = new Date(value);
  if (Number.isNaN(moment.getTime())) context.addIssue({ code: 'custom', message: 'not a moment in time' });
  return moment;
});

/** bigint is a number over HTTP and a string from the driver. Sizes stay far below 2^53. */
const Bytes = z.coerce.number();

const ProgressRow = z.object({
  phase: z.enum(['connecting', 'schema', 'rows', 'publishing', 'checking']),
  table: z.string().nullable(),
  tablesDone: z.number(),
  tablesTotal: z.number(),
  rows: z.number(),
  rowsExpected: z.number(),
  sizeBytes: z.number(),
  startedAt: z.string(),
});

const Row = z.object({
  id: z.uuid(),
  kind: z.enum(['scheduled', 'on_demand']),
  status: z.enum(['running', 'done', 'failed']),
  requested_by_email: z.string(),
  audit_id: z.string().nullable(),
  storage_uri: z.string().nullable(),
  size_bytes: Bytes.nullable(),
  row_counts: z.record(z.string(), z.number()),
  sheet_count: z.number().nullable(),
  // Others may have written more than sentences: what is no text is shown as it stands.
  warnings: z.array(z.union([z.string(), z.unknown().transform((value) => JSON.stringify(value))])),
  error: z.string().nullable(),
  started_at: Moment,
  finished_at: Moment.nullable(),
  deleted_at: Moment.nullable(),
  due_at: Moment,
  give_up_at: Moment,
  attempt: z.number(),
  next_try_at: Moment,
  lease_until: Moment.nullable(),
  runner: z.string().nullable(),
  // A newer runner may report more than this page knows: then there is no progress to show, and no failure.
  progress: ProgressRow.nullable().catch(null),
  sha256: z.string().nullable(),
  verified_at: Moment.nullable(),
  drilled_at: Moment.nullable(),
  expire_reason: z.string().nullable(),
});
type Row = z.infer<typeof Row>;

/** The columns that `backupFromRow` needs, for a select list. */
export const BACKUP_COLUMNS = Object.keys(Row.shape).join(', ');

/**
 * A row of paliad.backups, from the driver or over HTTP, as a person sees it at `now`.
 * Throws a ZodError when it is no such row.
 */
export function backupFromRow(row: unknown, now: Date): Backup {
  const parsed = Row.parse(row);
  const common = {
    id: parsed.id,
    kind: parsed.kind,
    requestedByEmail: parsed.requested_by_email,
    auditId: parsed.audit_id,
    startedAt: parsed.started_at,
    dueAt: parsed.due_at,
    attempt: parsed.attempt,
    warnings: parsed.warnings.map(inWords),
  };
  if (parsed.status === 'running') return { ...common, ...openState(parsed, common.warnings, now) };
  if (parsed.status === 'failed')
    return { ...common, state: 'failed', finishedAt: parsed.finished_at, error: explainFailure(parsed.error) };
  return { ...common, ...doneState(parsed) };
}

function openState(row: Row, warnings: readonly string[], now: Date) {
  if (row.lease_until !== null) {
    const state = row.lease_until < now ? ('stalled' as const) : ('running' as const);
    return { state, progress: row.progress, runner: row.runner ?? 'unknown', leaseUntil: row.lease_until };
  }
  if (row.attempt === 0) return { state: 'waiting' as const, giveUpAt: row.give_up_at };
  return { state: 'retrying' as const, nextTryAt: row.next_try_at, giveUpAt: row.give_up_at, lastCause: warnings.at(-1) ?? null };
}

function doneState(row: Row) {
  const facts = {
    // Rows that others write may lack it; the latest moment that is known stands in.
    finishedAt: row.finished_at ?? row.started_at,
    sizeBytes: row.size_bytes,
    rowCounts: row.row_counts,
    sheetCount: row.sheet_count,
  };
  if (row.deleted_at !== null) return { ...facts, state: 'cleaned_up' as const, deletedAt: row.deleted_at, reason: row.expire_reason };
  // A check of the table guarantees the address of a `done` row.
  const storageUri = z.string().parse(row.storage_uri);
  return { ...facts, state: 'done' as const, storageUri, sha256: row.sha256, verifiedAt: row.verified_at, drilledAt: row.drilled_at };
}
