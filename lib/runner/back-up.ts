import type { Progress } from '#lib/backup/backup.ts';
import type { Coverage } from '#lib/backup/coverage.ts';
import { asBackupError, BackupError } from '#lib/backup/errors.ts';
import { type Manifest, tableLabel } from '#lib/backup/manifest.ts';
import { asSourceError, describeUrl, type Source } from '#lib/postgres/connect.ts';
import { copyOut, type RowSink } from '#lib/postgres/copy-out.ts';
import { readSequences, takeInventory } from '#lib/postgres/inventory.ts';
import { managedObjects } from '#lib/postgres/managed-objects.ts';
import { refreshStatements } from '#lib/postgres/refresh.ts';
import { dumpSchema, type SchemaDump } from '#lib/postgres/schema.ts';
import { countRows, type Snapshot, withSnapshot } from '#lib/postgres/snapshot.ts';
import type { Artifact } from '#lib/store/store.ts';
import { createWorkbook, type WorkbookWriter } from '#lib/workbook/workbook.ts';
import { ProgressReport } from './progress.ts';
import { PRODUCT_VERSION } from './version.ts';

/** Tables are counted while they are smaller than this together; above, the planner's estimates decide about the sheets. */
const COUNT_LIMIT_BYTES = 1_000_000_000;

/** What is to be backed up, and where to. */
export type BackUpRequest = {
  readonly source: Source;
  readonly coverage: Coverage;
  /** Cells of all sheets together. */
  readonly cellLimit: number;
  readonly organisation: string;
  /** An e-mail address, or words. */
  readonly requestedBy: string;
  /** An existing folder with room for the deflated sheets of one table. */
  readonly temporaryFolder: string;
  /** Takes the bytes and publishes them whole, or rejects. */
  readonly publish: (bytes: AsyncIterable<Uint8Array>, signal: AbortSignal) => Promise<Artifact>;
  /** Called a few times a second at most. */
  readonly onProgress: (progress: Progress) => void;
  /** How long to wait for a table that somebody keeps locked; 30 s when left out. */
  readonly lockTimeoutMs?: number;
  /** How long the database may send nothing while rows are waited for; ten minutes when left out. */
  readonly silenceMs?: number;
};

export type MadeBackup = { readonly artifact: Artifact; readonly manifest: Manifest };

/**
 * Makes one backup, without any catalog: one snapshot, the definitions by pg_dump, each table's rows once, streamed into a
 * workbook that is streamed into a store. Memory does not grow with the data. It succeeds whole or not at all.
 * @throws BackupError with the code of what failed first; the abort's reason when `signal` aborts
 */
export async function backUp(request: BackUpRequest, signal: AbortSignal): Promise<MadeBackup> {
  const report = new ProgressReport(request.onProgress);
  // The first failure, wherever it is, ends everything: a store that breaks must not wait for a database that has gone silent.
  const broken = new AbortController();
  const stop = AbortSignal.any([signal, broken.signal]);
  const use = (snapshot: Snapshot) => write(request, snapshot, report, stop, broken);
  try {
    return await withSnapshot(request.source, request.coverage, stop, use, request.lockTimeoutMs);
  } catch (error) {
    signal.throwIfAborted();
    throw asBackupError(error);
  }
}

async function write(
  request: BackUpRequest,
  snapshot: Snapshot,
  report: ProgressReport,
  signal: AbortSignal,
  broken: AbortController,
): Promise<MadeBackup> {
  const { rows, isEstimated } = await countRows(snapshot, COUNT_LIMIT_BYTES);
  report.plan(
    snapshot.tables.length,
    Array.from(rows.values()).reduce((sum, count) => sum + count, 0),
  );
  const tables = snapshot.tables.map((table) => ({ ...table, rowsExpected: rows.get(table.oid) ?? 0 }));
  const workbook = await createWorkbook(tables, {
    title: request.organisation,
    snapshotAt: snapshot.takenAt,
    cellLimit: request.cellLimit,
    isEstimated,
    temporaryFolder: request.temporaryFolder,
  });
  const breaking = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      const failure = asSourceError(error, 'During the backup');
      workbook.fail(failure);
      broken.abort(failure);
      throw failure;
    }
  };
  const publishing = breaking(request.publish(workbook.bytes, signal));
  const filling = fill(workbook, request, snapshot, report, signal).catch(async (error) => {
    // A store that fails stops reading first and says why a moment later: its words are the ones to tell.
    if (workbook.isAbandoned) await publishing;
    throw error;
  });
  const writing = breaking(filling);
  try {
    const [artifact, manifest] = await Promise.all([publishing, writing]);
    return { artifact, manifest };
  } finally {
    await Promise.allSettled([publishing, writing]);
    await workbook.close();
  }
}

async function fill(
  workbook: WorkbookWriter,
  request: BackUpRequest,
  snapshot: Snapshot,
  report: ProgressReport,
  signal: AbortSignal,
): Promise<Manifest> {
  const inventory = await takeInventory(snapshot.client, snapshot);
  const added = (await managedObjects(snapshot.client, snapshot)) + (await refreshStatements(snapshot.client, snapshot));
  const stop = new AbortController();
  const gone = untilGone(snapshot);
  gone.catch(() => {}); // heard below, if it comes to that
  const dumping = dumpSchema(request.source, snapshot, added, AbortSignal.any([signal, stop.signal]));
  try {
    // The definitions are read over a session of their own meanwhile; a failure there ends the rows too.
    const copying = copyTables(workbook, snapshot, report, stop.signal, request.silenceMs).then(() => Promise.race([dumping, gone]));
    const [schema] = await Promise.all([dumping, copying]);
    const sequences = await readSequences(snapshot.client, snapshot);
    await snapshot.end();
    report.enter('publishing');
    return await workbook.finish({
      ...sourceFacts(request, snapshot, schema),
      inventory,
      sequences,
      schemaPre: schema.pre,
      schemaPost: schema.post,
    });
  } finally {
    stop.abort();
    await Promise.allSettled([dumping]);
  }
}

/** Rejects when the session ends, and the snapshot with it: nobody else would notice while it is idle. Made before it can happen. */
async function untilGone({ client }: Snapshot): Promise<never> {
  await new Promise<void>((resolve) => client.once('end', () => resolve()));
  throw new BackupError('SOURCE_CONNECTION_LOST', 'While the table definitions were read.');
}

async function copyTables(
  workbook: WorkbookWriter,
  snapshot: Snapshot,
  report: ProgressReport,
  stop: AbortSignal,
  silenceMs?: number,
): Promise<void> {
  for (const table of snapshot.tables) {
    stop.throwIfAborted();
    if (table.dataLeftOut !== null) {
      workbook.skipTable();
      continue;
    }
    const sink = workbook.beginTable();
    report.begin(tableLabel(table));
    const rows: RowSink['rows'] = (bytes, rowEnds, rowCount) => {
      const isReady = sink.rows(bytes, rowEnds, rowCount);
      report.update(sink.rowCount, sink.sizeBytes);
      return isReady;
    };
    await copyOut(snapshot.client, table, { rows, ready: () => sink.ready() }, silenceMs);
    await sink.end();
    report.end(sink.rowCount, sink.sizeBytes);
  }
}

function sourceFacts(request: BackUpRequest, snapshot: Snapshot, schema: SchemaDump) {
  const { host, database } = describeUrl(request.source.url);
  const warnings = [...snapshot.warnings, ...schema.warnings];
  if (snapshot.notCovered.largeObjects > 0) {
    warnings.push(`The database holds ${snapshot.notCovered.largeObjects} large objects; they are not in this backup.`);
  }
  return {
    productVersion: PRODUCT_VERSION,
    organisation: request.organisation,
    requestedBy: request.requestedBy,
    server: snapshot.server,
    source: { home: snapshot.home, database, host },
    schema: { fingerprint: schema.fingerprint, pgDump: schema.pgDump, covered: [...snapshot.coveredSchemas] },
    notCovered: snapshot.notCovered,
    warnings,
  };
}
