import { setTimeout as wait } from 'node:timers/promises';
import { asBackupError, BackupError } from '#lib/backup/errors.ts';
import { type Manifest, tableLabel } from '#lib/backup/manifest.ts';
import { backupForRunner, type Facts, finish, handBack, type RunnerSettings, type Wish } from '#lib/catalog/write.ts';
import { describeUrl } from '#lib/postgres/connect.ts';
import type { Artifact } from '#lib/store/store.ts';
import type { CheckReport } from '#lib/workbook/check.ts';
import { backUp } from './back-up.ts';
import { checkStored } from './check.ts';
import { Lease } from './lease.ts';
import { logError } from './log.ts';
import type { Workplace } from './workplace.ts';

/** How often a catalog that is out of reach is asked again to record a backup. */
const RECORD_EVERY_MS = 500;

/**
 * Works on one wish: backs up, publishes, reads back and compares, and says so in one guarded update, last. Whatever happens,
 * the wish ends, waits for its next attempt, or is another runner's: a crash at any step leaves an open row that any loop takes
 * up, never a `done` row without its bytes. `drain` aborts with RUN_DRAINED: the wish is handed back at once, its attempt not
 * counted; with anything else: the attempt ends with that. Never throws.
 */
export async function run(place: Workplace, wish: Wish, settings: RunnerSettings, drain: AbortSignal): Promise<void> {
  const lease = new Lease(place, wish, settings.leaseSeconds);
  const keeping = lease.keep();
  const stop = AbortSignal.any([lease.lost, drain]);
  try {
    // The name holds the lease: a runner that was thought dead writes under its own token's name, never over another's.
    const key = `${wish.id}/${wish.lease}.xlsx`;
    const { artifact, manifest } = await backUp(
      {
        source: place.source,
        coverage: { schemas: null, excludedSchemas: settings.excludedSchemas, excludedData: settings.excludedData },
        cellLimit: settings.sheetCells,
        organisation: settings.organisation || describeUrl(place.source.url).database,
        requestedBy: wish.requestedByEmail,
        temporaryFolder: place.temporaryFolder,
        publish: (bytes, signal) => place.store.put(key, bytes, signal),
        onProgress: (progress) => lease.show(progress),
      },
      stop,
    );
    const report = await check(place, lease, artifact, stop);
    const isOurs = await record(place, wish, lease, artifact, factsOf(artifact, manifest, report));
    if (!isOurs) await discard(place, artifact);
  } catch (error) {
    const isDrained = drain.aborted && !lease.lost.aborted && asBackupError(drain.reason).code === 'RUN_DRAINED';
    if (isDrained) await giveBack(place, wish);
    else await end(place, wish, lease, error);
  } finally {
    lease.end();
    await keeping;
  }
}

/** Reads back what was published. What does not hold is removed: it must never be taken for a backup. */
async function check(place: Workplace, lease: Lease, artifact: Artifact, stop: AbortSignal): Promise<CheckReport> {
  lease.enter('checking');
  try {
    return await checkStored(place.store, artifact, stop);
  } catch (error) {
    // Whether it can be removed or not: what is wrong with it is the one thing to tell.
    await place.store
      .delete(artifact.uri)
      .catch((failure: unknown) => logError(`remove what did not pass its check (${artifact.uri})`, failure));
    throw error;
  }
}

/**
 * The commit. A catalog that is out of reach is asked again for as long as the lease may hold: an hour's work is not thrown
 * away for a second's outage. True: the backup is done, with this artifact. False: certainly not.
 */
async function record(place: Workplace, wish: Wish, lease: Lease, artifact: Artifact, facts: Facts): Promise<boolean> {
  for (let isUnclear = false; ; ) {
    try {
      if (await finish(place.catalog, wish, { uri: artifact.uri, facts })) return true;
      if (!isUnclear) return false;
      // An earlier try may have been carried out though its answer was lost: then the lease was ended by ourselves.
      const backup = await backupForRunner(place.catalog, wish.id);
      return backup?.state === 'done' && backup.storageUri === artifact.uri;
    } catch (error) {
      if (asBackupError(error).code !== 'CATALOG_UNREACHABLE' || lease.lost.aborted) throw error;
      logError(`record a backup (${wish.id})`, error);
      isUnclear = true;
      await wait(RECORD_EVERY_MS);
    }
  }
}

/** Nobody knows of this artifact and nobody will: its name holds a lease that has ended. */
async function discard(place: Workplace, artifact: Artifact): Promise<void> {
  logError('record a backup that was published', new BackupError('LEASE_LOST', artifact.uri));
  await place.store.delete(artifact.uri);
}

/** This process is being stopped: any other runner may take the wish at once. */
async function giveBack(place: Workplace, wish: Wish): Promise<void> {
  try {
    await handBack(place.catalog, wish, 'RUN_DRAINED');
  } catch (error) {
    logError(`hand a backup back (${wish.id})`, error);
  }
}

async function end(place: Workplace, wish: Wish, lease: Lease, error: unknown): Promise<void> {
  logError(`back up (${wish.id}, attempt ${wish.attempt})`, error);
  if (lease.lost.aborted) return;
  const { code, detail, isRetryable } = asBackupError(error);
  // What was damaged on its way to the store may arrive whole the next time.
  const again = isRetryable || code === 'BACKUP_DAMAGED';
  try {
    await finish(place.catalog, wish, { error: detail === '' ? code : `${code}: ${detail}`, again });
  } catch (failure) {
    // The lease runs out, and any loop takes the wish up.
    logError(`record the failure of a backup (${wish.id})`, failure);
  }
}

function factsOf(artifact: Artifact, manifest: Manifest, report: CheckReport): Facts {
  return {
    sizeBytes: artifact.sizeBytes,
    sha256: artifact.sha256,
    rowCounts: Object.fromEntries(
      manifest.tables.filter((table) => table.dataLeftOut === null).map((table) => [tableLabel(table), table.rows]),
    ),
    sheetCount: 2 + manifest.tables.reduce((sum, table) => sum + table.sheets.length, 0),
    format: manifest.format,
    verifiedAt: new Date(),
    verification: { chunks: report.chunks, rows: report.rows, tables: report.tables },
    warnings: manifest.warnings,
  };
}
