import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ArtifactStore } from '#lib/store/store.ts';
import { chunksOf, keysOf, never, sampleBytes } from './bytes.ts';
import { keeping, publishing, stopping } from './guarantees/put.ts';
import { deleting, listing, reading } from './guarantees/read.ts';
import { refusing } from './guarantees/refuse.ts';

/** A fresh, empty store of the kind under test, and how to remove it. */
export type StoreUnderTest = { readonly store: ArtifactStore; readonly cleanUp: () => Promise<void> };

/** The guarantees of `ArtifactStore`, tried on one kind of store. Every kind has to pass. */
export function storeContract(name: string, makeStore: () => Promise<StoreUnderTest>): void {
  describe(`store contract: ${name}`, () => {
    let under: StoreUnderTest;
    beforeEach(async () => {
      under = await makeStore();
    });
    afterEach(() => under.cleanUp());
    const theStore = () => under.store;
    keeping(theStore);
    publishing(theStore);
    stopping(theStore);
    reading(theStore);
    listing(theStore);
    deleting(theStore);
    refusing(theStore);
    selfTesting(theStore);
  });
}

/** The store of the test that runs. */
export type TheStore = () => ArtifactStore;

function selfTesting(theStore: TheStore): void {
  it('passes its own test and leaves nothing behind', async () => {
    await theStore().put('a/b', chunksOf(sampleBytes(10), 10), never());
    const report = await theStore().selfTest();
    expect(report.filter(({ holds }) => !holds)).toEqual([]);
    expect(report.length).toBeGreaterThanOrEqual(8);
    expect(await keysOf(theStore())).toEqual(['a/b']);
  });
}
