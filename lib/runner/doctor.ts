import type { Coverage } from '#lib/backup/coverage.ts';
import { diagnose, type Examination, type Finding } from '#lib/backup/diagnosis.ts';
import { asBackupError } from '#lib/backup/errors.ts';
import { examine } from '#lib/postgres/examine.ts';

/** `examination` is null when the database could not even be reached: then the one finding says why. */
export type Diagnosis = { readonly findings: readonly Finding[]; readonly examination: Examination | null };

/**
 * Tells from one connection string whether backups of that database would succeed, and what is worth knowing first. Changes
 * nothing there. An error of the database is a finding with what to do about it.
 */
export async function examineDatabase(databaseUrl: string, coverage: Coverage, signal: AbortSignal): Promise<Diagnosis> {
  try {
    const examination = await examine({ url: databaseUrl, applicationName: 'Backup Mode (doctor)' }, coverage, signal);
    return { findings: diagnose(examination), examination };
  } catch (error) {
    signal.throwIfAborted();
    const { code, title, detail, hint } = asBackupError(error);
    if (code === 'INTERNAL') throw error;
    return { findings: [{ level: 'stop', title: `${title} ${detail}`.trim(), advice: hint }], examination: null };
  }
}
