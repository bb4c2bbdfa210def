import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Browser, chromium } from '@playwright/test';
import sparticuz from '@sparticuz/chromium';
import { freePort } from '#lib/postgres/server.ts';
import { BROWSER_ARGUMENTS, readSignIns, sessionFile, withDatabase } from './support.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const READY_WITHIN_MS = 240_000;

/**
 * Starts the whole product as `npm start` does, on a free port and an empty data folder, builds it when that is due, signs
 * both people in, and fills in a table that is large enough for a run to be watched. Gives what stops it all.
 */
export default async function setup(): Promise<() => Promise<void>> {
  process.env.CHROMIUM_PATH ??= await sparticuz.executablePath();
  const dataFolder = mkdtempSync(join(tmpdir(), 'paliad-e2e-'));
  process.env.CONSOLE_DATA = dataFolder;
  const server = spawn(process.execPath, ['scripts/start.ts'], {
    cwd: ROOT,
    env: { ...process.env, NODE_ENV: 'production', PORT: String(await freePort()), PALIAD_DATA: dataFolder },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const stop = async () => {
    if (server.exitCode === null) {
      server.kill('SIGTERM');
      await new Promise((done) => server.once('exit', done));
    }
    rmSync(dataFolder, { recursive: true, force: true });
  };
  try {
    process.env.CONSOLE_URL = await untilReady(server);
    await withDatabase((client) =>
      client.query(`create table public.e2e_ledger as select n as id, md5(n::text) as note from generate_series(1, 150000) n;
        alter table public.e2e_ledger enable row level security; analyze public.e2e_ledger`),
    );
    await signBothIn();
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}

/** The address that the product says it is ready at. */
function untilReady(server: ChildProcess): Promise<string> {
  let output = '';
  return new Promise((done, fail) => {
    const giveUp = setTimeout(() => fail(new Error(`It was not ready in time:\n${output}`)), READY_WITHIN_MS);
    server.once('exit', () => fail(new Error(`It ended:\n${output}`)));
    server.stderr?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const address = /is ready at (\S+)/.exec(output)?.[1];
      if (address === undefined) return;
      clearTimeout(giveUp);
      done(address);
    });
  });
}

/** Signs the administrator and the member in through the page, and keeps their sessions for the tests. */
async function signBothIn(): Promise<void> {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM_PATH, args: BROWSER_ARGUMENTS });
  try {
    for (const who of ['admin', 'member'] as const) await keepSession(browser, who);
  } finally {
    await browser.close();
  }
}

async function keepSession(browser: Browser, who: 'admin' | 'member'): Promise<void> {
  const { email, password } = readSignIns()[who];
  const context = await browser.newContext({ baseURL: process.env.CONSOLE_URL });
  const page = await context.newPage();
  await page.goto('/login');
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL('**/admin/backups');
  await context.storageState({ path: sessionFile(who) });
  await context.close();
}
