import { asBackupError } from '#lib/backup/errors.ts';

/**
 * Writes one line of JSON to the log: what was being done, the error's code and detail, and its cause with the stack. Neither
 * holds row data or a secret: details name objects, causes are errors of drivers and of the system.
 */
export function logError(doing: string, error: unknown): void {
  const known = asBackupError(error);
  const cause = known.cause instanceof Error ? (known.cause.stack ?? known.cause.message) : known.cause;
  console.error(
    JSON.stringify({ level: known.code === 'INTERNAL' ? 'error' : 'warn', doing, code: known.code, detail: known.detail, cause }),
  );
}
