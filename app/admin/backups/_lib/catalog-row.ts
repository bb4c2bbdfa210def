import type { Backup } from '#lib/backup/backup.ts';
import { durationMs, placeOf, rowsTotal, sizeBytes } from './facts.ts';

/** One row of the catalog, ready to be drawn: small, for it travels to the browser. */
export type CatalogRow = {
  readonly id: string;
  readonly state: Backup['state'];
  readonly kind: string;
  readonly who: string;
  readonly startedAt: Date;
  readonly durationMs: number | null;
  readonly rows: number | null;
  readonly sizeBytes: number | null;
  readonly sizeBeforeBytes: number | null;
  readonly verifiedAt: Date | null;
  readonly place: string | null;
  readonly warnings: readonly string[];
};

/** What the catalog shows of a backup; `sizeBeforeBytes` is the size of the one made before it. */
export function catalogRow(backup: Backup, sizeBeforeBytes: number | null): CatalogRow {
  return {
    id: backup.id,
    state: backup.state,
    kind: kindWord(backup),
    who: whoWord(backup),
    startedAt: backup.startedAt,
    durationMs: durationMs(backup),
    rows: rowsTotal(backup),
    sizeBytes: sizeBytes(backup),
    sizeBeforeBytes,
    verifiedAt: backup.state === 'done' ? backup.verifiedAt : null,
    place: backup.state === 'done' ? placeOf(backup.storageUri) : null,
    warnings: backup.warnings,
  };
}

/** The word for what asked for the backup. */
export function kindWord(backup: Backup): string {
  return backup.kind === 'scheduled' ? 'Scheduled' : 'On demand';
}

/** Who asked; a scheduled backup has no person. */
export function whoWord(backup: Backup): string {
  return backup.kind === 'scheduled' ? 'Backup Mode' : backup.requestedByEmail;
}
