import { createHash, timingSafeEqual } from 'node:crypto';
import { BackupError } from '#lib/backup/errors.ts';
import { env } from '#lib/env.ts';
import { logError } from './log.ts';
import { wakeLoop, workUntilDone } from './loop.ts';
import { recordRefusal } from './refusals.ts';

/** What is kept of the host's limit to end a run in order. */
const ENDING_SECONDS = 20;

/**
 * A scheduler elsewhere says that there may be work. It carries no instructions and gets none of the work's results: it only
 * wakes. Returns the work to be done behind the answer: nothing where a loop is resident, else all that fits into the host's limit.
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

async function workUntil(runSeconds: number): Promise<void> {
  const limit = new AbortController();
  const seconds = Math.max(1, runSeconds - ENDING_SECONDS);
  const reason = new BackupError('RUN_TIME_LIMIT', `This host ends requests after ${runSeconds} s.`);
  const timer = setTimeout(() => limit.abort(reason), seconds * 1000);
  try {
    await workUntilDone(limit.signal);
  } catch (error) {
    logError('work behind a request', error);
  } finally {
    clearTimeout(timer);
  }
}
