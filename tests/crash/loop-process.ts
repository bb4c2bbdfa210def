import * as z from 'zod';
import { openPool } from '#lib/postgres/connect.ts';
import { startLoop } from '#lib/runner/loop.ts';
import { openStore } from '#lib/store/open.ts';

// A runner in a process of its own, to be killed: by itself at a named moment, or by whoever started it.
const { databaseUrl, storeUrl, temporaryFolder, moment } = z
  .object({
    databaseUrl: z.string(),
    storeUrl: z.string(),
    temporaryFolder: z.string(),
    moment: z.enum(['never', 'claimed', 'rows', 'published', 'checked']),
  })
  .parse(JSON.parse(process.argv[2] ?? ''));

/** kill -9, as the out-of-memory killer does. */
function die(): never {
  process.kill(process.pid, 'SIGKILL');
  throw new Error('not reached');
}

async function* dyingAt(byte: number, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let count = 0;
  for await (const chunk of bytes) {
    count += chunk.length;
    if (count > byte) die();
    yield chunk;
  }
}

const store = await openStore(storeUrl);
const put = store.put.bind(store);
const catalog = openPool({ url: databaseUrl, applicationName: 'a crashing catalog' });
globalThis.backupModeWorkplace = Promise.resolve({
  catalog,
  source: { url: databaseUrl, applicationName: 'a crashing backup' },
  store: Object.assign(store, {
    async put(key: string, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal) {
      if (moment === 'claimed') die();
      const artifact = await put(key, moment === 'rows' ? dyingAt(1_000_000, bytes) : bytes, signal);
      if (moment === 'published') die();
      // Everything is read back and compared; the next thing that the catalog hears would be that it is done.
      if (moment === 'checked') catalog.on('acquire', () => void setImmediate(die));
      return artifact;
    },
  }),
  runner: `crash/${process.pid}`,
  temporaryFolder,
});
startLoop();
