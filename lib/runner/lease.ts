import type { Progress } from '#lib/backup/backup.ts';
import { BackupError } from '#lib/backup/errors.ts';
import { renew, type Wish } from '#lib/catalog/write.ts';
import { logError } from './log.ts';
import type { Workplace } from './workplace.ts';

/** Progress is written at most so often: the page looks once a second. */
const PROGRESS_EVERY_MS = 1000;

/**
 * Keeps a wish's lease while it is worked on, and shows its progress with it. `lost` aborts when the wish was taken over or
 * cancelled, or when the catalog was out of reach for as long as the lease holds: then nothing may be published.
 */
export class Lease {
  readonly #place: Workplace;
  readonly #wish: Wish;
  readonly #leaseSeconds: number;
  readonly #lost = new AbortController();
  readonly #ended = new AbortController();
  #progress: Progress | null = null;
  #renewedAt = performance.now();
  #isTold = true;

  constructor(place: Workplace, wish: Wish, leaseSeconds: number) {
    this.#place = place;
    this.#wish = wish;
    this.#leaseSeconds = leaseSeconds;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** To be shown with the next renewal. */
  show(progress: Progress): void {
    this.#progress = progress;
    this.#isTold = false;
  }

  /** Says what the run is at now, with the figures shown last. */
  enter(phase: Progress['phase']): void {
    if (this.#progress !== null) this.show({ ...this.#progress, phase, table: null });
  }

  /** Renews until `end`; never throws. */
  async keep(): Promise<void> {
    const beatMs = Math.min(PROGRESS_EVERY_MS, (this.#leaseSeconds * 1000) / 4);
    while (await this.#wait(beatMs)) {
      const sinceMs = performance.now() - this.#renewedAt;
      if (this.#isTold && sinceMs < (this.#leaseSeconds * 1000) / 3) continue;
      await this.#renew();
    }
  }

  end(): void {
    this.#ended.abort();
  }

  async #renew(): Promise<void> {
    try {
      this.#isTold = true;
      const isOurs = await renew(this.#place.catalog, this.#wish, this.#progress, this.#leaseSeconds);
      if (isOurs) this.#renewedAt = performance.now();
      else if (!this.#ended.signal.aborted) this.#lost.abort(new BackupError('LEASE_LOST'));
    } catch (error) {
      logError('renew the lease of a backup', error);
      if (performance.now() - this.#renewedAt > this.#leaseSeconds * 1000)
        this.#lost.abort(new BackupError('LEASE_LOST', '', { cause: error }));
    }
  }

  /** True after so many milliseconds; false as soon as the work has ended. */
  #wait(ms: number): Promise<boolean> {
    const { signal } = this.#ended;
    return new Promise((resolve) => {
      if (signal.aborted || this.#lost.signal.aborted) return resolve(false);
      const timer = setTimeout(() => resolve(true), ms);
      signal.addEventListener(
        'abort',
        () => {
          clearTimeout(timer);
          resolve(false);
        },
        { once: true },
      );
    });
  }
}
