import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { pgDump } from '@electric-sql/pglite-tools/pg_dump';
import * as z from 'zod';

/**
 * The worker half of `pg-dump.ts`: runs pg_dump, compiled to WebAssembly. Its libpq waits for each answer, so this thread
 * blocks on `flag` until the main thread has the server's whole answer.
 */
type WireServer = {
  query(sql: string): Promise<unknown>;
  exec(sql: string): Promise<unknown>;
  execProtocolRawStream(message: Uint8Array, options: { onRawData: (bytes: Uint8Array) => void }): unknown;
};
// pg_dump's JavaScript asks for a PGlite; it calls these three of its methods and nothing else.
const tool: { pgDump(options: { pg: WireServer; args?: string[] }): Promise<Blob> } = { pgDump };

const input = z
  .object({ port: z.custom<MessagePort>(), flag: z.custom<Int32Array<SharedArrayBuffer>>(), args: z.array(z.string()) })
  .parse(workerData);

let outgoing = Buffer.alloc(0);
let isStarted = false;

/** Whether the whole messages in `outgoing` want an answer: startup, Query, Sync; null when the last one is not whole. */
function needsAnswer(): boolean | null {
  let at = 0;
  let needs = false;
  while (at < outgoing.length) {
    const lengthAt = isStarted ? at + 1 : at;
    if (lengthAt + 4 > outgoing.length) return null;
    const end = lengthAt + outgoing.readInt32BE(lengthAt);
    if (end > outgoing.length) return null;
    needs = !isStarted || outgoing[at] === 0x51 || outgoing[at] === 0x53;
    isStarted = true;
    at = end;
  }
  return needs;
}

const server: WireServer = {
  query: async () => ({ rows: [{ search_path: 'public' }] }),
  exec: async () => undefined,
  execProtocolRawStream(bytes, { onRawData }) {
    outgoing = Buffer.concat([outgoing, bytes]);
    const needs = needsAnswer();
    if (needs === null) return;
    Atomics.store(input.flag, 0, 0);
    input.port.postMessage(outgoing);
    outgoing = Buffer.alloc(0);
    if (!needs) return;
    Atomics.wait(input.flag, 0, 0);
    const answer = receiveMessageOnPort(input.port);
    if (answer?.message instanceof Uint8Array) onRawData(answer.message);
  },
};

const dump = await tool.pgDump({ pg: server, args: input.args });
parentPort?.postMessage(await dump.text());
