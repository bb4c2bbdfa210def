// A put that never ends, to be killed. Says "writing" once some of it is on the disk.
import { openStore } from '#lib/store/open.ts';

async function* forEver(): AsyncGenerator<Uint8Array, void, undefined> {
  for (let part = 0; ; part++) {
    yield Buffer.alloc(1_000_000, part);
    if (part === 5) process.stdout.write('writing\n');
    if (part >= 5) await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const [storeUrl = ''] = process.argv.slice(2);
await (await openStore(storeUrl)).put('run/half.xlsx', forEver(), new AbortController().signal);
