import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimDataFolder } from '#scripts/data-folder.ts';

const MODULE = resolve(import.meta.dirname, '../../scripts/data-folder.ts');
let dataFolder = '';
const children: ChildProcess[] = [];

beforeEach(() => {
  dataFolder = join(mkdtempSync(join(tmpdir(), 'paliad-claim-')), 'data');
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(resolve(dataFolder, '..'), { recursive: true, force: true });
});

/** Another process that claims the folder, says "mine" or the error's code, and stays. */
function claimElsewhere(address: string): { readonly child: ChildProcess; readonly answer: Promise<string> } {
  const program = `
    import { claimDataFolder } from ${JSON.stringify(MODULE)};
    try { (await claimDataFolder(${JSON.stringify(dataFolder)})).announce(${JSON.stringify(address)}); console.log('mine'); }
    catch (error) { console.log(error.code); }
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  return { child, answer: new Promise((done) => child.stdout.once('data', (chunk: Buffer) => done(chunk.toString().trim()))) };
}

describe('the claim on a data folder', () => {
  it('belongs to one process, and the next is told where that one is', async () => {
    const other = claimElsewhere('http://127.0.0.1:3000');
    expect(await other.answer).toBe('mine');
    await expect(claimDataFolder(dataFolder)).rejects.toMatchObject({
      code: 'ALREADY_RUNNING',
      detail: `It is at http://127.0.0.1:3000 (process ${other.child.pid}, folder ${dataFolder}).`,
    });
  });

  it('ends with the process, however that ended', async () => {
    const other = claimElsewhere('');
    await other.answer;
    other.child.kill('SIGKILL');
    await new Promise((done) => other.child.once('exit', done));
    const claim = await claimDataFolder(dataFolder);
    claim.release();
    expect(existsSync(join(dataFolder, 'start.lock'))).toBe(false);
  });

  it('is not held by a process that only has the same number', async () => {
    (await claimDataFolder(dataFolder)).release();
    writeFileSync(join(dataFolder, 'start.lock'), JSON.stringify({ processId: 1, startedAt: '77', address: '' }));
    (await claimDataFolder(dataFolder)).release();
  });

  it('survives a lock that a power cut left half written', async () => {
    (await claimDataFolder(dataFolder)).release();
    writeFileSync(join(dataFolder, 'start.lock'), '{"proc');
    (await claimDataFolder(dataFolder)).release();
  });

  it('goes to exactly one of many that find a dead one’s lock at the same moment', async () => {
    (await claimDataFolder(dataFolder)).release();
    writeFileSync(join(dataFolder, 'start.lock'), JSON.stringify({ processId: 1, startedAt: '77', address: '' }));
    const answers = await Promise.all(Array.from({ length: 8 }, () => claimElsewhere('').answer));
    expect(answers.toSorted()).toEqual([...Array.from({ length: 7 }, () => 'ALREADY_RUNNING'), 'mine']);
  });

  it('makes a folder that only its owner can enter', async () => {
    (await claimDataFolder(dataFolder)).release();
    expect(statSync(dataFolder).mode & 0o077).toBe(0);
  });
});
