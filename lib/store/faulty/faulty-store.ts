import { setTimeout as wait } from 'node:timers/promises';
import { BackupError, type BackupErrorCode } from '#lib/backup/errors.ts';
import { tryGuarantees } from '../self-test.ts';
import type { Artifact, ArtifactStore, ByteRange, GuaranteeReport, StoredArtifact, StoreFeatures } from '../store.ts';
import { streamFrom } from '../stream.ts';

/** The calls of the port that can be made to fail. */
export type FaultyCall = 'put' | 'open' | 'stat' | 'list' | 'delete';

/** One fault of a plan. It meets the first `times` calls of its kind (all, if left out), then is spent. */
export type Fault = {
  readonly on: FaultyCall;
  readonly times?: number;
  /** Default STORE_UNAVAILABLE. */
  readonly code?: BackupErrorCode;
} & (
  | { readonly how: 'refuse' }
  /** The stream breaks after this many bytes of what is written or read. On put and open only. */
  | { readonly how: 'cut'; readonly atByte: number }
  /** The lowest bit of this byte is turned, without a word. On put and open only. */
  | { readonly how: 'flip'; readonly atByte: number }
  /** The store does it, and then says that it failed. */
  | { readonly how: 'lose reply' }
  /** Before the call and before each chunk of put and open. */
  | { readonly how: 'slow'; readonly delayMilliseconds: number }
);

/**
 * `store` with planned faults, for tests of everybody who uses a store. Several faults on one call all apply. Without faults it
 * keeps every guarantee of the store it wraps, whose URIs it shares.
 */
export function faultyStore(store: ArtifactStore, faults: readonly Fault[]): ArtifactStore {
  return new FaultyStore(store, faults);
}

class FaultyStore implements ArtifactStore {
  readonly scheme: string;
  readonly features: StoreFeatures;
  readonly #store: ArtifactStore;
  readonly #plan: { readonly fault: Fault; timesLeft: number }[];

  constructor(store: ArtifactStore, faults: readonly Fault[]) {
    this.#store = store;
    this.scheme = store.scheme;
    this.features = store.features;
    this.#plan = faults.map((fault) => ({ fault, timesLeft: fault.times ?? Number.POSITIVE_INFINITY }));
  }

  async put(key: string, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<Artifact> {
    const met = await this.#meet('put');
    return answer(met, await this.#store.put(key, spoil(met, bytes), signal));
  }

  async open(uri: string, range?: ByteRange): Promise<ReadableStream<Uint8Array>> {
    const met = await this.#meet('open');
    const stream = await this.#store.open(uri, range);
    return answer(met, met.length === 0 ? stream : streamFrom(spoil(met, stream)));
  }

  async stat(uri: string): Promise<StoredArtifact> {
    const met = await this.#meet('stat');
    return answer(met, await this.#store.stat(uri));
  }

  async *list(prefix: string): AsyncGenerator<StoredArtifact, void, undefined> {
    const met = await this.#meet('list');
    yield* this.#store.list(prefix);
    answer(met, null);
  }

  async delete(uri: string): Promise<void> {
    const met = await this.#meet('delete');
    answer(met, await this.#store.delete(uri));
  }

  /** Tries the guarantees through the faults: a report of a sick store can be had. */
  selfTest(): Promise<GuaranteeReport> {
    return tryGuarantees(this);
  }

  /** The faults that this call meets, each used up by one. What comes before the call happens here. */
  async #meet(call: FaultyCall): Promise<readonly Fault[]> {
    const entries = this.#plan.filter(({ fault, timesLeft }) => fault.on === call && timesLeft > 0);
    for (const entry of entries) entry.timesLeft--;
    const met = entries.map(({ fault }) => fault);
    await delay(met);
    for (const fault of met) if (fault.how === 'refuse') throw planned(fault, 'refused');
    return met;
  }
}

async function* spoil(faults: readonly Fault[], bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  let position = 0;
  for await (const chunk of bytes) {
    await delay(faults);
    const spoiled = Uint8Array.from(chunk);
    for (const fault of faults) {
      if (fault.how === 'flip' && isWithin(fault.atByte, position, chunk.length)) spoiled[fault.atByte - position] ^= 1;
    }
    const cut = faults.find((fault) => fault.how === 'cut' && isWithin(fault.atByte, position, chunk.length));
    if (cut?.how === 'cut') {
      yield spoiled.subarray(0, cut.atByte - position);
      throw planned(cut, `cut at byte ${cut.atByte}`);
    }
    yield spoiled;
    position += chunk.length;
  }
}

function answer<T>(faults: readonly Fault[], reply: T): T {
  for (const fault of faults) if (fault.how === 'lose reply') throw planned(fault, 'the reply was lost');
  return reply;
}

async function delay(faults: readonly Fault[]): Promise<void> {
  for (const fault of faults) if (fault.how === 'slow') await wait(fault.delayMilliseconds);
}

function planned(fault: Fault, what: string): BackupError {
  return new BackupError(fault.code ?? 'STORE_UNAVAILABLE', `Planned fault on ${fault.on}: ${what}.`);
}

function isWithin(byte: number, start: number, length: number): boolean {
  return byte >= start && byte < start + length;
}
