import { constants, deflateRaw } from 'node:zlib';

/** Bytes of a slot: one chunk of rows, or of a sheet. Above 256 KB the thread pool's work outweighs its cost. */
export const SLOT_BYTES = 1 << 20;

/**
 * Slots in flight at once, over all users of a pool: enough to keep every core busy while rows come in, few enough to keep
 * memory small (each costs a slot and its deflated copy).
 */
const SLOT_COUNT = 8;

/** Level 2 is where a backup costs about what `pg_dump -Fc -Z1` costs and is 5 % larger than its default (measured). */
const LEVEL = 2;

/** The empty last block that ends a deflate stream whose other blocks were flushed. */
export const DEFLATE_END: Buffer = Buffer.from([0x03, 0x00]);

/** The buffers that are filled and then deflated, shared by everything that is written at the same time. */
export class SlotPool {
  readonly #free: Buffer[] = Array.from({ length: SLOT_COUNT }, () => Buffer.allocUnsafeSlow(SLOT_BYTES));
  readonly #waiting: (() => void)[] = [];

  /** A free slot of `SLOT_BYTES`; past the limit a new one, so that rows already lent can always be taken in. */
  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(SLOT_BYTES);
  }

  /** Gives a slot back. Larger buffers, made for one large row, are left to the collector. */
  give(slot: Buffer): void {
    if (slot.length === SLOT_BYTES && this.#free.length < SLOT_COUNT) this.#free.push(slot);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  get isEmpty(): boolean {
    return this.#free.length === 0;
  }

  /** Resolves when a slot was given back. */
  freed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/**
 * Deflates slots on the thread pool, many at once, and hands the results on in the order in which they came. Each result
 * ends in a sync flush and refers to nothing before it, so that it can be inflated alone, and all of them followed by
 * `DEFLATE_END` are one deflate stream (RFC 1951).
 */
export class OrderedDeflate<Note> {
  readonly #pool: SlotPool;
  readonly #onDeflated: (deflated: Buffer, note: Note) => void;
  readonly #results = new Map<number, { deflated: Buffer; note: Note }>();
  #submitted = 0;
  #delivered = 0;
  #error: Error | null = null;
  #idle: (() => void) | null = null;

  constructor(pool: SlotPool, onDeflated: (deflated: Buffer, note: Note) => void) {
    this.#pool = pool;
    this.#onDeflated = onDeflated;
  }

  /** Takes the first `length` bytes of a slot; the slot goes back to the pool when it is deflated. */
  submit(slot: Buffer, length: number, note: Note): void {
    const turn = this.#submitted++;
    const options = { level: LEVEL, memLevel: 9, chunkSize: 1 << 18, finishFlush: constants.Z_SYNC_FLUSH };
    deflateRaw(slot.subarray(0, length), options, (error, deflated) => {
      this.#pool.give(slot);
      if (error !== null) this.#error ??= error;
      this.#results.set(turn, { deflated, note });
      this.#deliver();
    });
  }

  #deliver(): void {
    for (let next = this.#results.get(this.#delivered); next !== undefined; next = this.#results.get(this.#delivered)) {
      this.#results.delete(this.#delivered++);
      try {
        if (this.#error === null) this.#onDeflated(next.deflated, next.note);
      } catch (error) {
        this.#error = error instanceof Error ? error : new Error(String(error));
      }
    }
    if (this.#delivered === this.#submitted) this.#idle?.();
  }

  /** Resolves when everything that was submitted has been handed on. @throws what deflating or handing on threw */
  async drain(): Promise<void> {
    if (this.#delivered < this.#submitted) await new Promise<void>((resolve) => (this.#idle = resolve));
    this.#idle = null;
    if (this.#error !== null) throw this.#error;
  }
}
