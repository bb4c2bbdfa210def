import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'vitest';
import { faultyStore } from '#lib/store/faulty/faulty-store.ts';
import { memoryStore } from '#lib/store/memory/memory-store.ts';
import { openStore } from '#lib/store/open.ts';
import { type StoreUnderTest, storeContract } from './store.contract.ts';

storeContract('file', fileStore);
storeContract('memory', async () => ({ store: memoryStore(), cleanUp: async () => {} }));
storeContract('faulty, without faults', async () => {
  const { store, cleanUp } = await fileStore();
  return { store: faultyStore(store, []), cleanUp };
});

/** A store in a new folder whose name needs percent-encoding. After each test nothing temporary may lie in it. */
async function fileStore(): Promise<StoreUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'store ä%41#-'));
  const cleanUp = async () => {
    const left = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.partial'));
    await rm(folder, { recursive: true });
    expect(left).toEqual([]);
  };
  return { store: await openStore(pathToFileURL(folder).href), cleanUp };
}
