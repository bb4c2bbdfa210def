import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { BackupError } from '#lib/backup/errors.ts';

const Holder = z.object({ processId: z.int(), startedAt: z.string(), address: z.string() });
type Holder = z.infer<typeof Holder>;

const SETTLE_MS = 50;

/** The right to use a data folder, held until `release` or until the process is gone. */
export type DataFolderClaim = {
  /** Lets a second start say where this one is to be found. */
  announce(address: string): void;
  release(): void;
};

/**
 * Claims the folder for this process: two starts on one folder would fight over its database.
 * Errors: ALREADY_RUNNING, its detail says where and as which process.
 */
export async function claimDataFolder(dataFolder: string): Promise<DataFolderClaim> {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const file = join(dataFolder, 'start.lock');
  const me: Holder = { processId: process.pid, startedAt: startOf(process.pid) ?? '', address: '' };
  for (;;) {
    const isNew = writeIfAbsent(file, me);
    // Whoever found a dead one's lock a moment ago may still take this new one for it, and remove it.
    if (isNew) await sleep(SETTLE_MS);
    const holder = read(file);
    if (holder?.processId === me.processId && holder.startedAt === me.startedAt) break;
    if (holder !== null && isAlive(holder)) throw new BackupError('ALREADY_RUNNING', whereabouts(holder, dataFolder));
    if (!isNew) rmSync(file, { force: true });
    await sleep(Math.random() * SETTLE_MS); // two that meet here are apart in time at the next try
  }
  return {
    announce(address) {
      writeFileSync(`${file}.new`, JSON.stringify({ ...me, address }));
      renameSync(`${file}.new`, file);
    },
    release: () => rmSync(file, { force: true }),
  };
}

function whereabouts({ processId, address }: Holder, dataFolder: string): string {
  return address === ''
    ? `It is just starting on ${dataFolder} (process ${processId}).`
    : `It is at ${address} (process ${processId}, folder ${dataFolder}).`;
}

function writeIfAbsent(file: string, holder: Holder): boolean {
  try {
    writeFileSync(file, JSON.stringify(holder), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function read(file: string): Holder | null {
  try {
    return Holder.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return null; // gone, or left half written by a power cut
  }
}

function isAlive({ processId, startedAt }: Holder): boolean {
  return startOf(processId) === startedAt;
}

/** When the process began, in the kernel's ticks ('' where /proc does not tell); null when it is gone. A process id alone is reused. */
function startOf(processId: number): string | null {
  try {
    const fields = readFileSync(`/proc/${processId}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? '');
  } catch {
    if (process.platform === 'linux') return null;
  }
  try {
    process.kill(processId, 0);
    return '';
  } catch {
    return null;
  }
}
