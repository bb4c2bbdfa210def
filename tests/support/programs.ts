import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const ROOT = resolve(import.meta.dirname, '../..');
const execute = promisify(execFile);

/** Runs a program to its end; what it printed. @throws with what it said on stderr */
export async function run(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  const { stdout } = await execute(program, [...args], { maxBuffer: 1 << 30, ...options });
  return stdout;
}

/** Backs a database up with the command line, as its user would. The rows of each table, by `schema.table`. */
export async function backUpByCommand(databaseUrl: string, out: string, ...more: string[]): Promise<Record<string, number>> {
  const cli = join(ROOT, 'scripts/paliad.ts');
  const text = await run(process.execPath, [cli, 'backup', '--database-url', databaseUrl, '--out', out, '--json', ...more], { cwd: ROOT });
  return JSON.parse(text).rowCounts;
}

/** The text of a part of a workbook, taken out by unzip. */
export async function partOf(file: string, part: string): Promise<string> {
  return run('unzip', ['-p', file, part]);
}

/**
 * Does what the guide inside of the file says: its shell commands as they stand, in one shell, with the two lines that name
 * file and target filled in. The first block, which uses Python, is `followPython`'s.
 */
export async function followGuide(file: string, target: string, folder: string): Promise<void> {
  const blocks = shellBlocks(await partOf(file, 'backup/RESTORE.md')).slice(1);
  const script = blocks
    .join('\n')
    .replace(/^BACKUP=.*$/m, () => `BACKUP=${shell(file)}`)
    .replace(/^TARGET=.*$/m, () => `TARGET=${shell(target)}`);
  const path = join(folder, `restore-${Date.now()}.sh`);
  await writeFile(path, script);
  await run('bash', ['-euo', 'pipefail', path], { cwd: folder });
}

/** Does what the first block of the guide says: takes restore.py out of the file and runs it. */
export async function followPython(file: string, target: string, folder: string): Promise<string> {
  const [block] = shellBlocks(await partOf(file, 'backup/RESTORE.md'));
  const script = block.replaceAll('BACKUP.xlsx', () => shell(file)).replaceAll(/postgres:\/\/\S+/g, () => shell(target));
  return run('bash', ['-euo', 'pipefail', '-c', script], { cwd: folder });
}

function shell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function shellBlocks(markdown: string): string[] {
  return Array.from(markdown.matchAll(/^```sh\n(.*?)^```$/gms), (match) => match[1]);
}

/** Loads a file of SQL with psql. */
export async function loadSql(url: string, file: string): Promise<void> {
  await run('psql', [url, '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null', '-f', file]);
}

/** A copy of a file with one byte changed. */
export async function withFlippedByte(file: string, at: number, out: string): Promise<string> {
  const bytes = await readFile(file);
  bytes[at] ^= 0x10;
  await writeFile(out, bytes);
  return out;
}
