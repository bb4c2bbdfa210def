// Compares a backup with `pg_dump -Fc` on the same data: `npm run bench -- [--scale N] [--rounds N] [--data FILE]`.
// Each round runs every contender once, in turning order, so that whatever else the machine does meets all of them; what is
// said is the median, and the median of the rounds' ratios. Needs a Debian Postgres (server, pg_dump, psql) and `time`.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startPostgres } from '#lib/postgres/server.ts';
import { table } from './terminal.ts';

const ROOT = resolve(import.meta.dirname, '..');
const NODE = process.execPath;

type Contender = { readonly name: string; readonly out: string; readonly command: readonly string[] };
type Measured = { readonly wallSeconds: number; readonly cpuSeconds: number; readonly peakMb: number; readonly fileMb: number };

const { values } = parseArgs({
  options: {
    scale: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '5' },
    data: { type: 'string', default: resolve(ROOT, '../shared/data/bench/generate.sql') },
  },
});

/** The newest Postgres of the system that has both a server and pg_dump; null: there is none. */
function systemPostgres(): string | null {
  const base = '/usr/lib/postgresql';
  const majors = existsSync(base) ? readdirSync(base).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = majors.map((major) => join(base, major, 'bin'));
  return folders.find((folder) => ['initdb', 'postgres', 'pg_dump', 'psql'].every((name) => existsSync(join(folder, name)))) ?? null;
}

function measure(contender: Contender): Measured {
  rmSync(contender.out, { force: true });
  const run = spawnSync('/usr/bin/time', ['-f', '%e %U %S %M', ...contender.command], { encoding: 'utf8', cwd: ROOT });
  if (run.status !== 0) throw new Error(`${contender.name} failed:\n${run.stderr}`);
  const [wall, user, system, peakKb] = (run.stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  return { wallSeconds: wall, cpuSeconds: user + system, peakMb: peakKb / 1024, fileMb: statSync(contender.out).size / 1e6 };
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function contenders(url: string, bin: string, folder: string): Contender[] {
  const ours = (name: string, ...options: string[]): Contender => {
    const out = join(folder, `${name.replaceAll(' ', '-')}.xlsx`);
    return { name, out, command: [NODE, 'scripts/paliad.ts', 'backup', '--database-url', url, '--out', out, ...options] };
  };
  const dump = join(folder, 'dump');
  return [
    { name: 'pg_dump -Fc', out: dump, command: [join(bin, 'pg_dump'), '-Fc', '-f', dump, url] },
    ours('backup'),
    ours('backup with every row in sheets', '--sheet-cells', '999999999'),
  ];
}

function report(all: readonly Contender[], rounds: readonly ReadonlyMap<string, Measured>[]): string {
  const of = (name: string, pick: (measured: Measured) => number): number[] =>
    rounds.map((round) => {
      const measured = round.get(name);
      return measured === undefined ? Number.NaN : pick(measured);
    });
  const [peer] = all;
  const rows = all.map(({ name }) => {
    const ratio = (pick: (measured: Measured) => number): string =>
      median(of(name, pick).map((value, n) => value / of(peer.name, pick)[n])).toFixed(2);
    return [
      name,
      `${median(of(name, (m) => m.wallSeconds)).toFixed(2)} s`,
      ratio((m) => m.wallSeconds),
      `${median(of(name, (m) => m.cpuSeconds)).toFixed(2)} s`,
      `${median(of(name, (m) => m.peakMb)).toFixed(0)} MB`,
      `${median(of(name, (m) => m.fileMb)).toFixed(1)} MB`,
      ratio((m) => m.fileMb),
    ];
  });
  return table(['', 'wall', 'ratio', 'CPU of the client', 'peak memory', 'file', 'ratio'], rows);
}

async function main(): Promise<void> {
  const bin = systemPostgres();
  if (bin === null || !existsSync('/usr/bin/time'))
    return console.log('not run: needs postgresql-15 and time (apt-get install postgresql-15 time)');
  if (!existsSync(values.data)) return console.log(`not run: the benchmark data is not at ${values.data}; name another with --data`);
  const folder = mkdtempSync(join(tmpdir(), 'paliad-bench-'));
  const server = await startPostgres({
    dataFolder: join(folder, 'pg'),
    password: 'bench',
    logFile: join(folder, 'postgres.log'),
    binFolder: bin,
    settings: { fsync: 'off', shared_buffers: '512MB', max_wal_size: '4GB' },
  });
  try {
    console.log(`Making the data, scale ${values.scale} (1 is a million rows) …`);
    execFileSync(join(bin, 'psql'), [server.url, '-X', '-q', '-v', `scale=${values.scale}`, '-f', values.data], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const all = contenders(server.url, bin, folder);
    const rounds: Map<string, Measured>[] = [];
    for (let round = 0; round < Number(values.rounds); round++) {
      const order = all.map((_, n) => all[(n + round) % all.length]);
      rounds.push(new Map(order.map((contender) => [contender.name, measure(contender)])));
      console.log(`Round ${round + 1} of ${values.rounds} done.`);
    }
    const version = execFileSync(join(bin, 'postgres'), ['--version'], { encoding: 'utf8' }).trim();
    console.log(
      `\n${version}, Node ${process.version}, ${cpus().length} × ${cpus()[0].model.trim()}, scale ${values.scale}, ${values.rounds} rounds\n`,
    );
    console.log(report(all, rounds));
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
