import { createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import pg from 'pg';

/** A stand-in for a pooler in transaction mode, in front of one server. */
export type Pooler = { readonly url: string; stop(): Promise<void> };

/** What a session says of itself when it is in no transaction. */
const IDLE = 0x49;

/**
 * Starts one. Each of its clients has two sessions of the server behind it; outside of a transaction `changes` decides, by the
 * statement, whether it goes to the other one. It knows the simple query protocol and the unnamed extended one, which is what
 * this product speaks.
 */
export async function startPooler(serverUrl: string, changes: (sql: string) => boolean): Promise<Pooler> {
  const clients = new Set<Socket>();
  const listener = createServer((client) => {
    clients.add(client);
    client.on('error', () => client.destroy());
    serve(client, serverUrl, changes).catch(() => client.destroy());
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = listener.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: Object.assign(new URL(serverUrl), { port: String(port) }).href,
    async stop() {
      for (const client of clients) client.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}

async function serve(client: Socket, serverUrl: string, changes: (sql: string) => boolean): Promise<void> {
  const pending: Buffer[] = [];
  client.on('data', (bytes: Buffer) => pending.push(bytes));
  const sessions = [await openRaw(serverUrl, client), await openRaw(serverUrl, client)];
  client.on('close', () => {
    for (const session of sessions) session.socket.destroy();
  });
  let current = 0;
  let isStarted = false;
  let rest = Buffer.alloc(0);
  const take = (bytes: Buffer): void => {
    rest = Buffer.concat([rest, bytes]);
    for (;;) {
      const lengthAt = isStarted ? 1 : 0;
      if (rest.length < lengthAt + 4) return;
      const end = lengthAt + rest.readInt32BE(lengthAt);
      if (rest.length < end) return;
      const message = rest.subarray(0, end);
      rest = rest.subarray(end);
      if (!isStarted) {
        isStarted = true;
        client.write(GREETING);
        continue;
      }
      const kind = String.fromCharCode(message[0]);
      if ((kind === 'Q' || kind === 'P') && sessions[current].state === IDLE && changes(message.toString())) current = 1 - current;
      sessions[current].socket.write(message);
    }
  };
  client.removeAllListeners('data');
  client.on('data', take);
  for (const bytes of pending) take(bytes);
}

// AuthenticationOk, ReadyForQuery (idle): who comes is let in.
const GREETING = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, IDLE]);

type RawSession = { readonly socket: Duplex; state: number };

/** A session of the server whose answers go to the client as they are. */
async function openRaw(serverUrl: string, client: Socket): Promise<RawSession> {
  const behind = new pg.Client({ connectionString: serverUrl });
  behind.on('error', () => {});
  await behind.connect();
  const { stream: socket } = behind.connection;
  const session: RawSession = { socket, state: IDLE };
  socket.removeAllListeners('data');
  socket.on('data', (bytes: Buffer) => {
    // ReadyForQuery ends every answer: `Z`, its length 5, the state.
    if (bytes.length >= 6 && bytes[bytes.length - 6] === 0x5a) session.state = bytes[bytes.length - 1];
    client.write(bytes);
  });
  return session;
}
