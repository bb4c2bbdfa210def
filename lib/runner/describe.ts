import { type Manifest, tableLabel } from '#lib/backup/manifest.ts';
import type { ArtifactStore } from '#lib/store/store.ts';
import { type BackupReader, openBackup } from '#lib/workbook/read.ts';
import { workplace } from './workplace.ts';

/** What a backup holds, as its manifest says. */
export type BackupContents = {
  readonly organisation: string;
  readonly snapshotAt: Date;
  readonly serverVersion: string;
  readonly database: string;
  readonly tables: readonly TableContents[];
  /** As `schema.name`; their definitions are in the backup. */
  readonly views: readonly string[];
  readonly warnings: readonly string[];
};

export type TableContents = {
  readonly schema: string;
  readonly name: string;
  readonly rows: number;
  /** Of COPY text. */
  readonly sizeBytes: number;
  /** Name of its first sheet; null: it has none. */
  readonly sheet: string | null;
  readonly rowsShown: number;
  readonly isDataLeftOut: boolean;
};

/**
 * Reads what a backup holds from its own file, in a few range reads.
 * @throws BackupError ARTIFACT_NOT_FOUND, STORE_UNAVAILABLE, BACKUP_DAMAGED, BACKUP_RESAVED, FORMAT_TOO_NEW
 */
export async function describeBackup(storageUri: string): Promise<BackupContents> {
  const { store } = await workplace();
  return contentsOf((await openStored(store, storageUri)).manifest);
}

/** Opens a backup that a store keeps. */
export async function openStored(store: ArtifactStore, uri: string): Promise<BackupReader> {
  const { sizeBytes } = await store.stat(uri);
  return openBackup({ sizeBytes, open: (range) => store.open(uri, range) });
}

/** The manifest, as people want to know it. */
export function contentsOf(manifest: Manifest): BackupContents {
  return {
    organisation: manifest.organisation,
    snapshotAt: new Date(manifest.snapshotAt),
    serverVersion: manifest.server.version,
    database: manifest.source.database,
    tables: manifest.tables.map((table) => ({
      schema: table.schema,
      name: table.name,
      rows: table.rows,
      sizeBytes: table.sizeBytes,
      sheet: table.sheets[0]?.name ?? null,
      rowsShown: table.sheets.reduce((sum, sheet) => sum + sheet.rows, 0),
      isDataLeftOut: table.dataLeftOut !== null,
    })),
    views: manifest.notCovered.views.map(tableLabel),
    warnings: manifest.warnings,
  };
}
