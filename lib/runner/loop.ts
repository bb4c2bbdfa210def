import { claim, settingsForRunner, tick } from '#lib/catalog/write.ts';
import { logError } from './log.ts';
import { run } from './run.ts';
import { workplace } from './workplace.ts';

/** How long to wait after an error of the catalog, and before the settings are known. */
const PAUSE_SECONDS = 15;

type LoopState = { isStarted: boolean; isWoken: boolean; wake: () => void };

declare global {
  // Next loads this module more than once: the loop that one copy runs is the loop that another one wakes.
  var backupModeLoop: LoopState | undefined;
}

function state(): LoopState {
  globalThis.backupModeLoop ??= { isStarted: false, isWoken: false, wake: () => {} };
  return globalThis.backupModeLoop;
}

/** Starts the loop of this process, once: write down what is due, take a wish, work on it, wait until woken or the next tick. */
export function startLoop(): void {
  if (state().isStarted) return;
  state().isStarted = true;
  void loop();
}

/** Says that there may be work: the loop looks at once, or after the run under way. Without a loop in this process nothing happens. */
export function wakeLoop(): void {
  state().isWoken = true;
  state().wake();
}

async function loop(): Promise<never> {
  for (;;) {
    let pauseSeconds = PAUSE_SECONDS;
    try {
      const place = await workplace();
      const settings = await settingsForRunner(place.catalog);
      pauseSeconds = settings.tickSeconds;
      await tick(place.catalog);
      const wish = await claim(place.catalog, place.runner, settings.leaseSeconds);
      if (wish !== null) {
        await run(place, wish, settings);
        continue;
      }
    } catch (error) {
      logError('look for work', error);
    }
    await wait(pauseSeconds);
  }
}

async function wait(seconds: number): Promise<void> {
  const current = state();
  if (!current.isWoken) {
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
