import { randomUUID } from 'node:crypto';
import { unstable_rethrow } from 'next/navigation';
import { createSafeActionClient } from 'next-safe-action';
import * as z from 'zod';
import { currentUser, requestFrom, requireAdmin } from '#lib/auth.ts';
import { asBackupError, type BackupError, type BackupErrorCode } from '#lib/backup/errors.ts';
import { recordRefusal } from '#lib/runner/refusals.ts';

/** What a person reads about an error: plain words, and a reference that finds the cause in the log. */
export type Failure = {
  readonly code: BackupErrorCode;
  readonly title: string;
  readonly hint: string;
  /** Names the object (a table, a file, a host); may be empty. */
  readonly detail: string;
  readonly reference: string;
};

/** Turns any error into words for a person, and writes one line with the same reference and the cause to the log. */
export function failureOf(error: unknown): Failure {
  const known = asBackupError(error);
  const reference = randomUUID().slice(0, 8);
  const cause = causeOf(known);
  console.error(
    JSON.stringify({ level: known.code === 'INTERNAL' ? 'error' : 'warn', reference, code: known.code, detail: known.detail, cause }),
  );
  return { code: known.code, title: known.title, hint: known.hint, detail: known.detail, reference };
}

/** A fault's whole trace; of what was expected the message will do. */
function causeOf({ code, cause }: BackupError): unknown {
  if (!(cause instanceof Error)) return cause;
  return code === 'INTERNAL' ? (cause.stack ?? cause.message) : cause.message;
}

/** The answer of `work`, or its failure as a value: for pages that say an outage in place and draw the rest. */
export async function attempt<T>(
  work: () => Promise<T>,
): Promise<{ readonly data: T; readonly failure: null } | { readonly data: null; readonly failure: Failure }> {
  try {
    return { data: await work(), failure: null };
  } catch (error) {
    unstable_rethrow(error); // redirects, 403 and 404 are thrown too: they are Next's to catch
    return { data: null, failure: failureOf(error) };
  }
}

/** The schema of a form: the posted fields as an object, then `fields`. An action so parsed works with and without JavaScript. */
export function formOf<Fields extends z.ZodType>(fields: Fields) {
  return z.preprocess((input) => (input instanceof FormData ? Object.fromEntries(input) : input), fields);
}

/** Writes a refused try to the audit log when `error` is one. A log that cannot be written must not hide the refusal. */
export async function auditRefusal(error: unknown, action: string): Promise<void> {
  const { code } = asBackupError(error);
  if (code !== 'NOT_SIGNED_IN' && code !== 'NOT_ADMIN' && code !== 'FOREIGN_ORIGIN') return;
  await attempt(async () => recordRefusal(await currentUser(), action, await requestFrom()));
}

/** Server actions that anybody may call: signing in and out. Errors reach the form as a `Failure`. */
export const publicAction = createSafeActionClient({
  defineMetadataSchema: () => z.object({ action: z.string() }),
  handleServerError: failureOf,
  defaultValidationErrorsShape: 'flattened',
});

/** Server actions for administrators: the caller is checked on each call, whatever the page did; refused tries are audited. */
export const adminAction = publicAction.use(async ({ next, metadata }) => {
  const admin = await requireAdmin().catch(async (error: unknown) => {
    await auditRefusal(error, metadata.action);
    throw error;
  });
  return next({ ctx: { admin } });
});
