import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { Outlet } from './outlet.ts';

/** More than may wait between writer and reader. */
const FLOOD = Buffer.alloc(12 << 20, 'x');

describe('the way out of a workbook', () => {
  it('hands the bytes on in order and counts them', async () => {
    const outlet = new Outlet();
    outlet.write(Buffer.from('one '));
    outlet.write(Buffer.from('two'));
    expect(outlet.offset).toBe(7);
    outlet.end();
    expect((await buffer(outlet.bytes)).toString()).toBe('one two');
  });

  it('tells the writer to pause when the reader is slow, and when to go on', async () => {
    const outlet = new Outlet();
    expect(outlet.isFull).toBe(false);
    outlet.write(FLOOD);
    expect(outlet.isFull).toBe(true);
    const reading = buffer(outlet.bytes);
    await outlet.ready();
    expect(outlet.isFull).toBe(false);
    outlet.end();
    expect((await reading).length).toBe(FLOOD.length);
  });

  it('wakes a waiting writer when the reader goes away', async () => {
    const outlet = new Outlet();
    for (let n = 0; n < 12; n++) outlet.write(Buffer.alloc(1 << 20));
    const waiting = outlet.ready();
    for await (const _bytes of outlet.bytes) break;
    await expect(waiting).rejects.toThrow();
    expect(outlet.isAbandoned).toBe(true);
    expect(outlet.isFull).toBe(true);
    await expect(outlet.ready()).rejects.toThrow();
  });

  it('gives the reader the error of the writer, and the writer too', async () => {
    const outlet = new Outlet();
    outlet.write(Buffer.from('half'));
    const reading = buffer(outlet.bytes);
    outlet.fail(new Error('no more rows'));
    await expect(reading).rejects.toThrow('no more rows');
    await expect(outlet.ready()).rejects.toThrow('no more rows');
    expect(outlet.isAbandoned).toBe(false);
  });
});
