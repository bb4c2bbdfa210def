import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort, type PostgresServer, startPostgres } from '#lib/postgres/server.ts';
import { launch } from '#lib/postgres/server-account.ts';
import { findBinaries } from '#lib/postgres/server-binaries.ts';
import { withClient } from '#tests/support/postgres.ts';
import { THROWAWAY_SETTINGS } from '#tests/support/throwaway.ts';

let folder = '';
let dataFolder = '';
let said: string[] = [];
const started: PostgresServer[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'paliad-server-'));
  dataFolder = join(folder, 'a folder', 'pg');
  mkdirSync(join(folder, 'a folder'), { mode: 0o700 });
  said = [];
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
  rmSync(folder, { recursive: true, force: true });
});

async function start(port?: number): Promise<PostgresServer> {
  const settings = THROWAWAY_SETTINGS;
  const say = (sentence: string) => said.push(sentence);
  const server = await startPostgres({ dataFolder, logFile: join(folder, 'log'), password: "p w/'ö", port, settings, say });
  started.push(server);
  return server;
}

describe('the launcher of the built-in server', () => {
  it('works below a folder that only its owner can enter, and keeps the data over a restart', async () => {
    const first = await start();
    expect(first.isNew).toBe(true);
    await withClient(first.url, (client) => client.query('create table kept as select 42 as answer'));
    await first.stop();
    expect(existsSync(join(dataFolder, 'postmaster.pid'))).toBe(false);

    const second = await start();
    expect(second.isNew).toBe(false);
    const { rows } = await withClient(second.url, (client) => client.query("select answer, lower('ÄÖ') as lower from kept"));
    expect(rows).toEqual([{ answer: 42, lower: 'äö' }]);
    expect(said).toEqual([]);
  });

  it.skipIf(process.getuid?.() !== 0)("gives whoever rules the database no way to write root's files", async () => {
    const place = join(folder, 'a folder', 'of root');
    mkdirSync(place, { mode: 0o755 });
    const { url } = await start();
    const write = withClient(url, (client) => client.query(`copy (select 'mine') to '${join(place, 'written')}'`));
    await expect(write).rejects.toThrow(/Permission denied/);
    expect(existsSync(join(place, 'written'))).toBe(false);
  });

  it('says that a given port is taken', async () => {
    const taken = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => taken.listen(port, '127.0.0.1', resolve));
    await expect(start(port)).rejects.toMatchObject({ code: 'SERVER_NOT_STARTED', detail: `Port ${port} is taken by another program.` });
    await new Promise((resolve) => taken.close(resolve));
  });

  it('stops a server that a killed start left on the folder, and says so', async () => {
    await (await start()).stop();
    const { command, options } = launch(findBinaries().postgres, [
      '-D',
      dataFolder,
      '-c',
      `port=${await freePort()}`,
      '-c',
      'unix_socket_directories=',
    ]);
    const leftover = spawn(command, options, { stdio: 'ignore' });
    await expect.poll(() => existsSync(join(dataFolder, 'postmaster.pid')), { timeout: 10_000 }).toBe(true);
    await start();
    expect(said).toEqual([expect.stringContaining(`earlier start was still running (process ${leftover.pid})`)]);
    expect(leftover.exitCode ?? leftover.signalCode).not.toBeNull();
  });

  it('is not misled by a process id that belongs to another program now', async () => {
    await (await start()).stop();
    writeFileSync(join(dataFolder, 'postmaster.pid'), `${process.pid}\n${dataFolder}\n`);
    await start();
    expect(said).toEqual(['The database was not stopped cleanly the last time; it recovers by itself.']);
  });

  it('refuses a folder that holds something else, and leaves it alone', async () => {
    mkdirSync(dataFolder);
    writeFileSync(join(dataFolder, 'letter.txt'), 'dear reader');
    await expect(start()).rejects.toMatchObject({ code: 'SERVER_NOT_STARTED', detail: expect.stringContaining('no Postgres data') });
    expect(readFileSync(join(dataFolder, 'letter.txt'), 'utf8')).toBe('dear reader');
  });

  it('refuses a folder of another Postgres version, in words', async () => {
    await (await start()).stop();
    writeFileSync(join(dataFolder, 'PG_VERSION'), '17\n');
    await expect(start()).rejects.toMatchObject({ detail: expect.stringContaining('was made by Postgres 17, this is Postgres 18') });
  });

  it('tells what the server reported when it does not start', async () => {
    await (await start()).stop();
    writeFileSync(join(dataFolder, 'postgresql.conf'), 'no such setting\n');
    await expect(start()).rejects.toMatchObject({ code: 'SERVER_NOT_STARTED', detail: expect.stringContaining('postgresql.conf') });
  });

  it('leaves no server behind when its process is killed', async () => {
    await (await start()).stop();
    const program = `
      import { startPostgres } from '${join(import.meta.dirname, '../../lib/postgres/server.ts')}';
      const server = await startPostgres({ dataFolder: ${JSON.stringify(dataFolder)}, logFile: ${JSON.stringify(join(folder, 'log'))}, password: '' });
      console.log(server.processId);
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.kill('SIGKILL');
    await expect.poll(() => existsSync(join(dataFolder, 'postmaster.pid')), { timeout: 10_000 }).toBe(false);
  });
});
