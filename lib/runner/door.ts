import { createHash, timingSafeEqual } from 'node:crypto';
import { BackupError } from '#lib/backup/errors.ts';
import { env } from '#lib/env.ts';
import { logError } from './log.ts';
import { wakeLoop, workOnOne } from './loop.ts';
import { recordRefusal } from './refusals.ts';

/** What is kept of the host's limit to end a run in order. */
const ENDING_SECONDS = 20;

/** A wish that was taken within so many seconds had the whole time. */
const PROMPT_SECONDS = 5;

/**
 * A scheduler elsewhere says that there may be work. It carries no instructions and gets none of the work's results: it only
 * wakes. Returns the work to be done behind the answer: nothing where a loop is resident, else one wish, within the host's limit.
 * @throws BackupError RUNNER_REFUSED (written to the audit log)
 */
export async function knock(secret: string | null, from: string): Promise<() => Promise<void>> {
  const { runnerSecret, runSeconds } = env();
  if (secret === null || !isSame(secret, runnerSecret)) {
    // The refusal is the answer, whether the log can be written or not.
    await recordRefusal(null, 'runs.start', from).catch((error: unknown) => logError('write a refusal to the audit log', error));
    throw new BackupError('RUNNER_REFUSED');
  }
  if (runSeconds === null) {
    wakeLoop();
    return async () => {};
  }
  return () => workUntil(runSeconds);
}

/** Compares without telling by its time how much was right. */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

/**
 * One wish a request: a second one would begin with what the first has left of the time, and be ended for good though it fits into
 * a request of its own. The next knock takes it. One that was taken late, from a slow catalog, is handed back.
 */
async function workUntil(runSeconds: number): Promise<void> {
  const limit = new AbortController();
  const begunAt = performance.now();
  let isPrompt = false;
  const timer = setTimeout(
    () =>
      limit.abort(
        isPrompt ? new BackupError('RUN_TIME_LIMIT', `This host ends requests after ${runSeconds} s.`) : new BackupError('RUN_DRAINED'),
      ),
    Math.max(1, runSeconds - ENDING_SECONDS) * 1000,
  );
  try {
    await workOnOne(limit.signal, () => {
      isPrompt = performance.now() - begunAt < PROMPT_SECONDS * 1000;
    });
  } catch (error) {
    logError('work behind a request', error);
  } finally {
    clearTimeout(timer);
  }
}
