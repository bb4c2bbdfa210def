import { constants, inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { DEFLATE_END, OrderedDeflate, SLOT_BYTES, SlotPool } from './deflate.ts';

describe('deflating many slots at once', () => {
  it('keeps their order, makes one stream of all, and each can be inflated alone', async () => {
    const pool = new SlotPool();
    const results: Buffer[] = [];
    const notes: number[] = [];
    const deflate = new OrderedDeflate<number>(pool, (deflated, note) => {
      results.push(deflated);
      notes.push(note);
    });
    const texts: Buffer[] = [];
    for (let n = 0; n < 20; n++) {
      const slot = pool.take();
      // The first ones are large and slow, the later ones small and quick.
      const length = n < 4 ? SLOT_BYTES : 100;
      for (let k = 0; k < length; k++) slot[k] = (k * 7919 + n) % 251;
      texts.push(Buffer.from(slot.subarray(0, length)));
      deflate.submit(slot, length, n);
      while (pool.isEmpty) await pool.freed();
    }
    await deflate.drain();
    expect(notes).toEqual(Array.from({ length: 20 }, (_, n) => n));
    expect(inflateRawSync(Buffer.concat([...results, DEFLATE_END])).equals(Buffer.concat(texts))).toBe(true);
    for (const [n, result] of results.entries()) {
      expect(inflateRawSync(result, { finishFlush: constants.Z_SYNC_FLUSH }).equals(texts[n])).toBe(true);
    }
  });

  it('surfaces what the receiver threw, once everything has come to rest', async () => {
    const pool = new SlotPool();
    const seen: number[] = [];
    const deflate = new OrderedDeflate<number>(pool, (_deflated, note) => {
      seen.push(note);
      if (note === 1) throw new Error('the disk is full');
    });
    for (let n = 0; n < 5; n++) deflate.submit(pool.take(), 10, n);
    await expect(deflate.drain()).rejects.toThrow('the disk is full');
    expect(seen).toEqual([0, 1]);
  });

  it('surfaces what zlib threw', async () => {
    const pool = new SlotPool();
    const deflate = new OrderedDeflate<null>(pool, (deflated) => {
      if (!Buffer.isBuffer(deflated)) throw new Error('nothing came');
    });
    expect(() => deflate.submit(pool.take(), Number.NaN, null)).not.toThrow();
    await deflate.drain();
  });

  it('takes a slot beyond the pool’s when rows must be taken in, and tells the writer to wait', () => {
    const pool = new SlotPool();
    const slots = Array.from({ length: 9 }, () => pool.take());
    expect(pool.isEmpty).toBe(true);
    expect(new Set(slots).size).toBe(9);
    pool.give(slots[0]);
    expect(pool.isEmpty).toBe(false);
  });
});
