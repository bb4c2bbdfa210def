import { setTimeout as after } from 'node:timers/promises';
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
  readonly #leaseMs: number;
  readonly #lost = new AbortController();
  readonly #ended = new AbortController();
  #progress: Progress | null = null;
  #renewedAt = performance.now();
  #isTold = true;

  constructor(place: Workplace, wish: Wish, leaseSeconds: number) {
    this.#place = place;
    this.#wish = wish;
    this.#leaseMs = leaseSeconds * 1000;
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

  /** Renews until `end`, also while a renewal waits for its answer; never throws. */
  async keep(): Promise<void> {
    const beatMs = Math.min(PROGRESS_EVERY_MS, this.#leaseMs / 4);
    while (!this.lost.aborted && (await this.#wait(beatMs))) {
      if (this.#isTold && performance.now() - this.#renewedAt < this.#leaseMs / 3) continue;
      await this.#renew();
    }
  }

  end(): void {
    this.#ended.abort();
  }

  /** Settles with the catalog's answer, when the lease has run out without one, or at the end: a silent link holds nobody. */
  async #renew(): Promise<void> {
    this.#isTold = true;
    const askedAt = performance.now();
    const waited = new AbortController();
    const ended = AbortSignal.any([this.#ended.signal, waited.signal]);
    const deadline = after(Math.max(0, this.#renewedAt + this.#leaseMs - askedAt), null, { signal: ended }).catch(() => null);
    try {
      const isOurs = await Promise.race([renew(this.#place.catalog, this.#wish, this.#progress, this.#leaseMs / 1000), deadline]);
      if (isOurs === null) this.#loseIfOver(null);
      else if (isOurs) this.#renewedAt = askedAt;
      else if (!this.#ended.signal.aborted) this.#lost.abort(new BackupError('LEASE_LOST'));
    } catch (error) {
      logError('renew the lease of a backup', error);
      this.#loseIfOver(error);
    } finally {
      waited.abort();
    }
  }

  #loseIfOver(cause: unknown): void {
    if (this.#ended.signal.aborted || performance.now() - this.#renewedAt < this.#leaseMs) return;
    this.#lost.abort(new BackupError('LEASE_LOST', '', { cause }));
  }

  /** True after so many milliseconds; false as soon as the work has ended. */
  #wait(ms: number): Promise<boolean> {
    return after(ms, true, { signal: this.#ended.signal }).catch(() => false);
  }
}
