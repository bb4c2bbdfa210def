import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type NotRun, notRun } from '#tests/support/requirement.ts';

/** A new empty folder, removed when the test ends. */
export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'file-store-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** All names below a folder, hidden ones too, sorted. */
export async function everythingIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder, { recursive: true })).sort();
}

/** Why disks cannot be mounted here, or null when they can. Said once; PALIAD_TEST_REQUIRE=1 makes it an error. */
export function mountingIsImpossible(): NotRun | null {
  const why = whyNot();
  return why === null ? null : notRun(why);
}

/** A disk of `sizeBytes` in memory, unmounted when the test ends. Only where `mountingIsImpossible` says null. */
export async function newDisk(sizeBytes: number, more = 'mode=755'): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'small-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes},${more}`, 'tmpfs', folder]);
  onTestFinished(async () => {
    execFileSync('umount', ['-l', folder]);
    await rm(folder, { recursive: true });
  });
  return folder;
}

/** Turns a disk of `newDisk` read-only, or back. */
export function remount(folder: string, mode: 'ro' | 'rw'): void {
  execFileSync('mount', ['-o', `remount,${mode}`, folder]);
}

/** Covers a disk of `newDisk` by a read-only view of itself: open files go on, names are refused. Gone when the test ends. */
export function coverReadOnly(folder: string): void {
  execFileSync('mount', ['--bind', folder, folder]);
  onTestFinished(() => void execFileSync('umount', ['-l', folder]));
  execFileSync('mount', ['-o', 'remount,bind,ro', folder]);
}

function whyNot(): string | null {
  if (process.platform !== 'linux') return 'full and read-only disks need Linux';
  if (process.getuid?.() !== 0) return 'full and read-only disks need root (they are mounted)';
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()], { stdio: 'ignore' });
    return null;
  } catch {
    return 'full and read-only disks need the right to mount';
  }
}
