import { asBackupError, BackupError } from '#lib/backup/errors.ts';
import { type Manifest, tableLabel } from '#lib/backup/manifest.ts';
import { type Facts, finish, type RunnerSettings, type Wish } from '#lib/catalog/write.ts';
import { describeUrl } from '#lib/postgres/connect.ts';
import type { Artifact } from '#lib/store/store.ts';
import { backUp } from './back-up.ts';
import { Lease } from './lease.ts';
import { logError } from './log.ts';
import type { Workplace } from './workplace.ts';

/**
 * Works on one wish: backs up, publishes, and says so in one guarded update, last. Whatever happens, the wish ends, waits
 * for its next attempt, or is another runner's: a crash at any step leaves an open row that any loop takes up, never a
 * `done` row without its bytes. Never throws.
 */
export async function run(place: Workplace, wish: Wish, settings: RunnerSettings): Promise<void> {
  const lease = new Lease(place, wish, settings.leaseSeconds);
  const keeping = lease.keep();
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
      lease.lost,
    );
    const isOurs = await finish(place.catalog, wish, { uri: artifact.uri, facts: factsOf(artifact, manifest) });
    if (!isOurs) await discard(place, artifact);
  } catch (error) {
    await end(place, wish, lease, error);
  } finally {
    lease.end();
    await keeping;
  }
}

/** Nobody knows of this artifact and nobody will: its name holds a lease that has ended. */
async function discard(place: Workplace, artifact: Artifact): Promise<void> {
  logError('record a backup that was published', new BackupError('LEASE_LOST', artifact.uri));
  await place.store.delete(artifact.uri);
}

async function end(place: Workplace, wish: Wish, lease: Lease, error: unknown): Promise<void> {
  logError(`back up (${wish.id}, attempt ${wish.attempt})`, error);
  if (lease.lost.aborted) return;
  const { code, detail, isRetryable } = asBackupError(error);
  try {
    await finish(place.catalog, wish, { error: detail === '' ? code : `${code}: ${detail}`, again: isRetryable });
  } catch (failure) {
    // The lease runs out, and any loop takes the wish up.
    logError(`record the failure of a backup (${wish.id})`, failure);
  }
}

function factsOf(artifact: Artifact, manifest: Manifest): Facts {
  return {
    sizeBytes: artifact.sizeBytes,
    sha256: artifact.sha256,
    rowCounts: Object.fromEntries(
      manifest.tables.filter((table) => table.dataLeftOut === null).map((table) => [tableLabel(table), table.rows]),
    ),
    sheetCount: 2 + manifest.tables.reduce((sum, table) => sum + table.sheets.length, 0),
    format: manifest.format,
    verifiedAt: null,
    verification: null,
    warnings: manifest.warnings,
  };
}
