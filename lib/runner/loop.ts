import { BackupError } from '#lib/backup/errors.ts';
import { claim, type RunnerSettings, settingsForRunner, tick } from '#lib/catalog/write.ts';
import { env } from '#lib/env.ts';
import { DAY_MS, removeLeftovers } from './leftovers.ts';
import { logError } from './log.ts';
import { run } from './run.ts';
import { type Workplace, workplace } from './workplace.ts';

/** How long to wait after an error of the catalog, and before the settings are known. */
const PAUSE_SECONDS = 15;

type LoopState = { running: Promise<void> | null; stop: AbortController; isWoken: boolean; wake: () => void };

declare global {
  // Next loads this module more than once: the loop that one copy runs is the loop that another one wakes.
  var backupModeLoop: LoopState | undefined;
}

function state(): LoopState {
  globalThis.backupModeLoop ??= { running: null, stop: new AbortController(), isWoken: false, wake: () => {} };
  return globalThis.backupModeLoop;
}

/**
 * Starts the loop of this process, once: write down what is due, take a wish, work on it, wait until woken or the next tick. On a
 * host that ends requests (`RUN_SECONDS`) nothing is resident: there `POST /api/runs` works.
 */
export function startLoop(): void {
  if (env().runSeconds !== null) return;
  const current = state();
  current.running ??= loop(current.stop.signal);
}

/** Stops the loop of this process. A run under way is handed back, so that the next runner takes it at once. */
export async function stopLoop(): Promise<void> {
  const current = state();
  current.stop.abort(new BackupError('RUN_DRAINED'));
  current.wake();
  await current.running;
}

/** Ends the process on SIGTERM and SIGINT as soon as a run under way is handed back: the next start goes on with it at once. */
export function drainOnSignals(): void {
  const end = (): void => void stopLoop().finally(() => process.exit(0));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, end);
}

/** Says that there may be work: the loop looks at once, or after the run under way. Without a loop in this process nothing happens. */
export function wakeLoop(): void {
  state().isWoken = true;
  state().wake();
}

async function loop(stop: AbortSignal): Promise<void> {
  let tidyAt = 0;
  while (!stop.aborted) {
    let pauseSeconds = PAUSE_SECONDS;
    try {
      const place = await workplace();
      if (performance.now() >= tidyAt) {
        tidyAt = performance.now() + DAY_MS;
        await removeLeftovers(place);
      }
      const settings = await settingsForRunner(place.catalog);
      pauseSeconds = settings.tickSeconds;
      if (await workOnce(place, settings, stop)) continue;
    } catch (error) {
      logError('look for work', error);
    }
    await wait(pauseSeconds, stop);
  }
}

/** Works until nothing is left to do, or `stop` aborts. @throws BackupError CATALOG_UNREACHABLE */
export async function workUntilDone(stop: AbortSignal): Promise<void> {
  const place = await workplace();
  const settings = await settingsForRunner(place.catalog);
  while (!stop.aborted && (await workOnce(place, settings, stop)));
}

/** Works on the oldest wish and on no other; `onTaken` is called when there is one. @throws BackupError CATALOG_UNREACHABLE */
export async function workOnOne(stop: AbortSignal, onTaken: () => void): Promise<void> {
  const place = await workplace();
  await workOnce(place, await settingsForRunner(place.catalog), stop, onTaken);
}

/** Writes down what is due and works on the oldest wish. False: there was none, or another runner is at work. */
async function workOnce(place: Workplace, settings: RunnerSettings, stop: AbortSignal, onTaken = (): void => {}): Promise<boolean> {
  await tick(place.catalog);
  if (stop.aborted) return false;
  const wish = await claim(place.catalog, place.runner, settings.leaseSeconds);
  if (wish === null) return false;
  onTaken();
  await run(place, wish, settings, stop);
  return true;
}

async function wait(seconds: number, stop: AbortSignal): Promise<void> {
  const current = state();
  if (!current.isWoken && !stop.aborted) {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, seconds * 1000);
      current.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
  current.isWoken = false;
  current.wake = () => {};
}
