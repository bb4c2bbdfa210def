import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BackupError } from '#lib/backup/errors.ts';

const ENDS_WITHIN_MS = 30_000;

/**
 * Sees to what an earlier, killed start left on the data folder: a server that still runs is stopped, a process id that
 * meanwhile belongs to another program is forgotten. Says which of the two it was.
 * Errors: SERVER_NOT_STARTED when such a server cannot be stopped.
 */
export async function endLeftoverServer(dataFolder: string, say: (sentence: string) => void): Promise<void> {
  const file = join(dataFolder, 'postmaster.pid');
  const processId = processIdIn(file);
  if (processId === null || !isAlive(processId)) return; // Postgres itself clears up after a process that is gone
  if (!isServerOn(processId, dataFolder)) {
    say(`The database was not stopped cleanly the last time; it recovers by itself.`);
    rmSync(file, { force: true });
    return;
  }
  say(`A database server of an earlier start was still running (process ${processId}): it is stopped first.`);
  await end(processId, dataFolder);
}

async function end(processId: number, dataFolder: string): Promise<void> {
  const giveUpAt = Date.now() + ENDS_WITHIN_MS;
  try {
    process.kill(processId, 'SIGINT');
    while (isServerOn(processId, dataFolder)) {
      if (Date.now() > giveUpAt) throw new Error(`still running after ${ENDS_WITHIN_MS / 1000} s`);
      await sleep(50);
    }
  } catch (cause) {
    const detail = `A database server (process ${processId}) runs on ${dataFolder} and cannot be stopped. Stop it, or use another folder (PALIAD_DATA).`;
    throw new BackupError('SERVER_NOT_STARTED', detail, { cause });
  }
}

function processIdIn(file: string): number | null {
  try {
    const processId = Number(readFileSync(file, 'utf8').split('\n')[0]);
    return Number.isInteger(processId) && processId > 1 ? processId : null;
  } catch {
    return null;
  }
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** False also for a zombie: a server that has ended, whose parent has not asked how. */
function isServerOn(processId: number, dataFolder: string): boolean {
  const command = commandOf(processId);
  return command.includes('postgres') && command.includes(dataFolder);
}

function commandOf(processId: number): string {
  try {
    return readFileSync(`/proc/${processId}/cmdline`, 'utf8'); // where there is no /proc, ps knows it
  } catch {
    try {
      return execFileSync('ps', ['-ww', '-o', 'args=', '-p', String(processId)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    } catch {
      return '';
    }
  }
}
