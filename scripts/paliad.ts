import { resolve } from 'node:path';
import { parseArgs, styleText } from 'node:util';
import { asBackupError, BackupError } from '#lib/backup/errors.ts';
import { type Manifest, tableLabel } from '#lib/backup/manifest.ts';
import { callerFolder } from '#lib/env.ts';
import { backUpToFile } from '#lib/runner/back-up-file.ts';
import { checkFile } from '#lib/runner/check.ts';
import { examineDatabase } from '#lib/runner/doctor.ts';
import { extract } from '#lib/runner/extract.ts';
import { isFolder, listFolder, readManifest } from '#lib/runner/list.ts';
import { findingLines, megabytes, ProgressLine, table, whole } from './terminal.ts';

const USAGE = `Backups of a Postgres database as one Excel workbook.

  npm run paliad -- backup --database-url URL --out FILE.xlsx
      [--schema S]...         only these schemas (all but Supabase's own and Postgres's)
      [--exclude-data S.T]... keep a table's definition, leave its rows out
      [--sheet-cells N]       cells that the sheets show together (3000000); the backup is always whole
  npm run paliad -- doctor --database-url URL   would backups of it succeed? Changes nothing
  npm run paliad -- ls FILE|FOLDER
  npm run paliad -- check FILE   reads it from the first byte to the last and compares
  npm run paliad -- extract FILE TABLE --out FILE.xlsx|FILE.csv|FILE.copy

  --json   one JSON object on stdout instead of words
  --help   this text

Exit code: 0 done, 1 failed (doctor: no backup could be made), 2 not understood, 130 interrupted.
`;

const OPTIONS = {
  'database-url': { type: 'string' },
  schema: { type: 'string', multiple: true },
  'exclude-data': { type: 'string', multiple: true },
  'sheet-cells': { type: 'string' },
  out: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

type Options = ReturnType<typeof readArguments>['values'];
class UsageError extends Error {}

const COMMANDS: Record<string, (args: string[], options: Options, signal: AbortSignal) => Promise<void>> = {
  backup: backupCommand,
  doctor: doctorCommand,
  ls: listCommand,
  check: checkCommand,
  extract: extractCommand,
};

/** Runs one command. Returns the exit code. */
async function main(): Promise<number> {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort(new BackupError('RUN_CANCELLED')));
  let isJson = process.argv.includes('--json');
  try {
    const { values, positionals } = readArguments();
    isJson = values.json;
    const [name, ...args] = positionals;
    if (values.help) {
      process.stdout.write(USAGE);
      return 0;
    }
    const command = name === undefined || !Object.hasOwn(COMMANDS, name) ? undefined : COMMANDS[name];
    if (command === undefined) throw new UsageError(name === undefined ? 'Which command?' : `There is no command “${name}”.`);
    await command(args, values, stop.signal);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\nAll commands and options: npm run paliad -- --help\n`);
      return 2;
    }
    explain(error, isJson);
    return stop.signal.aborted ? 130 : 1;
  }
}

function readArguments() {
  try {
    return parseArgs({ options: OPTIONS, allowPositionals: true, strict: true });
  } catch (error) {
    // The parser goes on with advice about positional arguments, of which there are none here.
    throw new UsageError((error instanceof Error ? error.message : String(error)).replace(/\. To specify a positional.*$/s, '.'));
  }
}

function explain(error: unknown, isJson: boolean): void {
  const { code, title, hint, detail, cause } = asBackupError(error);
  if (isJson) process.stdout.write(`${JSON.stringify({ error: { code, title, detail, hint } })}\n`);
  process.stderr.write(
    `${styleText('red', `${title}`, { stream: process.stderr })}\n${detail === '' ? '' : `  ${detail}\n`}  ${hint}\n  (${code})\n`,
  );
  // A fault of ours: the cause is what a report needs.
  if (code === 'INTERNAL') process.stderr.write(`${cause instanceof Error ? cause.stack : String(cause)}\n`);
}

async function backupCommand(args: string[], options: Options, signal: AbortSignal): Promise<void> {
  const url = options['database-url'];
  if (args.length > 0) throw new UsageError(`“${args[0]}” is one word too many.`);
  if (url === undefined) throw new UsageError('--database-url is missing.');
  if (options.out === undefined) throw new UsageError('--out is missing.');
  const out = resolve(callerFolder(), options.out);
  if (!out.endsWith('.xlsx')) throw new UsageError('--out must end in .xlsx.');
  const began = performance.now();
  const line = new ProgressLine(process.stderr);
  const { artifact, manifest } = await backUpToFile(
    {
      databaseUrl: url,
      coverage: { schemas: options.schema ?? null, excludedSchemas: [], excludedData: options['exclude-data'] ?? [] },
      cellLimit: cellLimit(options['sheet-cells']),
      out,
      onProgress: (progress) => line.show(progress),
    },
    signal,
  ).finally(() => line.end());
  const seconds = (performance.now() - began) / 1000;
  const rows = manifest.tables.reduce((sum, { rows }) => sum + rows, 0);
  if (options.json) {
    const rowCounts = Object.fromEntries(manifest.tables.map((each) => [tableLabel(each), each.rows]));
    const { sizeBytes, sha256 } = artifact;
    const { snapshotAt, warnings } = manifest;
    process.stdout.write(
      `${JSON.stringify({ file: out, sizeBytes, sha256, snapshotAt, seconds: Number(seconds.toFixed(2)), rowCounts, warnings })}\n`,
    );
    return;
  }
  for (const warning of manifest.warnings)
    process.stderr.write(`${styleText('yellow', `Warning: ${warning}`, { stream: process.stderr })}\n`);
  process.stdout.write(
    `${out}\n  ${whole(manifest.tables.length)} tables, ${whole(rows)} rows, ${megabytes(artifact.sizeBytes)}, ${seconds.toFixed(1)} s\n` +
      `  state of ${manifest.snapshotAt}\n  sha256 ${artifact.sha256}\n${shortened(manifest)}`,
  );
}

function shortened(manifest: Manifest): string {
  if (manifest.view.isWhole) return '';
  return `  Some sheets show only their first rows (${whole(manifest.view.cellLimit)} cells in all); every row is in the backup.\n`;
}

function cellLimit(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`--sheet-cells must be a whole number, not “${text}”.`);
  return Number(text);
}

async function doctorCommand(args: string[], options: Options, signal: AbortSignal): Promise<void> {
  const url = options['database-url'];
  if (args.length > 0) throw new UsageError(`“${args[0]}” is one word too many.`);
  if (url === undefined) throw new UsageError('--database-url is missing.');
  const coverage = { schemas: options.schema ?? null, excludedSchemas: [], excludedData: options['exclude-data'] ?? [] };
  const { findings } = await examineDatabase(url, coverage, signal);
  process.stdout.write(options.json ? `${JSON.stringify({ findings })}\n` : findings.map(findingLines).join(''));
  if (findings.some((finding) => finding.level === 'stop')) process.exitCode = 1;
}

async function listCommand(args: string[], options: Options): Promise<void> {
  const [place] = args;
  if (place === undefined || args.length > 1) throw new UsageError('ls wants one file or folder.');
  const path = resolve(callerFolder(), place);
  if (await isFolder(path)) await listFiles(path, options.json);
  else await listTables(path, options.json);
}

async function listFiles(folder: string, isJson: boolean): Promise<void> {
  const files = await listFolder(folder);
  if (isJson) {
    const rows = files.map((file) =>
      'manifest' in file
        ? {
            file: file.path,
            sizeBytes: file.sizeBytes,
            snapshotAt: file.manifest.snapshotAt,
            organisation: file.manifest.organisation,
            tables: file.manifest.tables.length,
          }
        : { file: file.path, sizeBytes: file.sizeBytes, error: file.error.code },
    );
    process.stdout.write(`${JSON.stringify({ folder, files: rows })}\n`);
    return;
  }
  const lines = files.map((file) =>
    'manifest' in file
      ? [
          file.manifest.snapshotAt.slice(0, 16).replace('T', ' '),
          file.manifest.organisation,
          whole(sumRows(file.manifest)),
          megabytes(file.sizeBytes),
          file.path,
        ]
      : ['–', file.error.title, '', megabytes(file.sizeBytes), file.path],
  );
  process.stdout.write(
    files.length === 0 ? `No workbooks in ${folder}.\n` : table(['state of (UTC)', 'organisation', 'rows', 'size', 'file'], lines),
  );
}

async function listTables(path: string, isJson: boolean): Promise<void> {
  const manifest = await readManifest(path);
  if (isJson) {
    const tables = manifest.tables.map((each) => ({
      table: tableLabel(each),
      rows: each.rows,
      sizeBytes: each.sizeBytes,
      dataLeftOut: each.dataLeftOut,
    }));
    process.stdout.write(
      `${JSON.stringify({ file: path, snapshotAt: manifest.snapshotAt, organisation: manifest.organisation, server: manifest.server.version, tables })}\n`,
    );
    return;
  }
  process.stdout.write(
    `${manifest.organisation}, state of ${manifest.snapshotAt}, PostgreSQL ${manifest.server.version}\n\n${table(
      ['table', 'rows', 'data', 'sheet'],
      manifest.tables.map((each) => [
        tableLabel(each),
        each.dataLeftOut ?? whole(each.rows),
        megabytes(each.sizeBytes),
        each.sheets[0]?.name ?? '–',
      ]),
    )}`,
  );
}

function sumRows(manifest: Manifest): number {
  return manifest.tables.reduce((sum, { rows }) => sum + rows, 0);
}

async function checkCommand(args: string[], options: Options, signal: AbortSignal): Promise<void> {
  const [file] = args;
  if (file === undefined || args.length > 1) throw new UsageError('check wants one file.');
  const path = resolve(callerFolder(), file);
  const report = await checkFile(path, signal);
  if (options.json) process.stdout.write(`${JSON.stringify({ file: path, ...report })}\n`);
  else {
    const read = `${whole(report.tables)} tables, ${whole(report.rows)} rows, ${megabytes(report.sizeBytes)} read and compared: all equal`;
    process.stdout.write(`${path}\n  ${read}\n  sha256 ${report.sha256}\n`);
  }
}

async function extractCommand(args: string[], options: Options, signal: AbortSignal): Promise<void> {
  const [file, name] = args;
  if (file === undefined || name === undefined || args.length > 2) throw new UsageError('extract wants a file and a table.');
  if (options.out === undefined) throw new UsageError('--out is missing.');
  const out = resolve(callerFolder(), options.out);
  const { table: taken, artifact } = await extract({ file: resolve(callerFolder(), file), table: name, out }, signal);
  if (options.json)
    process.stdout.write(`${JSON.stringify({ file: out, table: tableLabel(taken), rows: taken.rows, sizeBytes: artifact.sizeBytes })}\n`);
  else process.stdout.write(`${out}\n  ${tableLabel(taken)}: ${whole(taken.rows)} rows, ${megabytes(artifact.sizeBytes)}\n`);
}

// A reader that has gone (`| head`) must not end a backup.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
process.exitCode = await main();
