import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '#lib/postgres/server.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const FIRST_START_MS = 180_000;
let dataFolder = '';
let port = 0;

type Start = { readonly process: ChildProcess; output(): string; readonly code: Promise<number | null> };
const starts: Start[] = [];

/** `npm start` as a person types it, in a process group of its own, so that Ctrl-C can be sent to all of it. */
function npmStart(variables: Record<string, string> = {}): Start {
  const env = { ...process.env, PALIAD_DATA: dataFolder, PORT: String(port), ...variables };
  const child = spawn('npm', ['start'], { cwd: ROOT, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = new Promise<number | null>((done) => child.on('exit', done));
  const start = { process: child, output: () => output, code };
  starts.push(start);
  return start;
}

async function untilReady(start: Start): Promise<string> {
  await expect
    .poll(() => start.output() + (start.process.exitCode === null ? '' : ' ended'), { timeout: FIRST_START_MS })
    .toMatch(/is ready at \S+| ended/);
  return /is ready at (\S+)/.exec(start.output())?.[1] ?? expect.fail(start.output());
}

/** Command lines of all living processes that were given this test's data folder. */
function processesLeft(): string[] {
  const read = (id: string, name: string) => {
    try {
      return readFileSync(`/proc/${id}/${name}`, 'utf8').replaceAll('\0', ' ');
    } catch {
      return '';
    }
  };
  const ids = readdirSync('/proc').filter((id) => /^\d+$/.test(id) && Number(id) !== process.pid);
  return ids.filter((id) => (read(id, 'environ') + read(id, 'cmdline')).includes(dataFolder)).map((id) => `${id} ${read(id, 'cmdline')}`);
}

async function expectNothingLeft(): Promise<void> {
  await expect.poll(processesLeft, { timeout: 20_000 }).toEqual([]);
  expect(existsSync(join(dataFolder, 'pg/postmaster.pid'))).toBe(false);
}

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'paliad-start-'));
  dataFolder = join(folder, 'data of a firm');
  mkdirSync(dataFolder);
  port = await freePort();
});
afterEach(async () => {
  for (const start of starts.splice(0)) if (start.process.exitCode === null) start.process.kill('SIGTERM');
  await expectNothingLeft();
}, 60_000);
afterAll(() => rmSync(resolve(dataFolder, '..'), { recursive: true, force: true }));

describe.skipIf(!existsSync(join(ROOT, 'app')))('npm start', () => {
  it('serves, shows the sign-ins once, and refuses a second start on the same folder in words', {
    timeout: 2 * FIRST_START_MS,
  }, async () => {
    const first = npmStart();
    const address = await untilReady(first);
    expect(address).toBe(`http://127.0.0.1:${port}`);
    expect((await fetch(`${address}/login`)).status).toBe(200);
    expect(first.output()).toMatch(/admin@kanzlei\.example +\S{16} /);

    const second = npmStart();
    expect(await second.code).toBe(1);
    expect(second.output()).toContain(`already running on this data folder. It is at ${address} `);
    expect((await fetch(`${address}/login`)).status).toBe(200);

    first.process.kill('SIGTERM');
    await expectNothingLeft();

    const again = npmStart();
    await untilReady(again);
    expect(again.output()).toMatch(/The sign-ins stand in \S.*sign-ins\.txt/);
    expect(again.output()).not.toMatch(/admin@kanzlei\.example/);
  });

  it('takes the next port when the chosen one is taken, and says so', { timeout: FIRST_START_MS }, async () => {
    const other = createServer().listen(port, '127.0.0.1');
    const start = npmStart();
    expect(await untilReady(start)).toBe(`http://127.0.0.1:${port + 1}`);
    expect(start.output()).toContain(`Port ${port} is taken: using ${port + 1}.`);
    other.close();
  });

  it('ends cleanly on Ctrl-C, which reaches every process of the terminal', { timeout: FIRST_START_MS }, async () => {
    const start = npmStart();
    await untilReady(start);
    if (start.process.pid !== undefined) process.kill(-start.process.pid, 'SIGINT');
    await start.code;
    await expectNothingLeft();
    expect(start.output()).toMatch(/Stopping …\n(.*\n)*Stopped\.\n$/);
  });

  it('leaves nothing running when all that was started for it is killed at once', { timeout: FIRST_START_MS }, async () => {
    const start = npmStart();
    await untilReady(start);
    if (start.process.pid !== undefined) process.kill(-start.process.pid, 'SIGKILL');
    await expectNothingLeft();
    const next = npmStart();
    await untilReady(next);
  });

  it('names a missing variable of a hosted project with an example, and starts nothing', async () => {
    const start = npmStart({
      SUPABASE_URL: 'https://abcdefgh.supabase.co',
      DATABASE_URL: 'postgres://u:p@h:5432/d',
      SUPABASE_SECRET_KEY: 'x',
    });
    expect(await start.code).toBe(1);
    expect(start.output()).toContain('SUPABASE_PUBLISHABLE_KEY is missing. Example: SUPABASE_PUBLISHABLE_KEY=sb_publishable_');
  });
});
