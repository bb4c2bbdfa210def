import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The checkout. */
export const ROOT = resolve(import.meta.dirname, '..');
/** The program behind the command `next`, to be run by this Node. */
export const NEXT = join(ROOT, 'node_modules/next/dist/bin/next');
const STAMP = join(ROOT, '.next/.source-hash');
const SOURCES = [
  '{app,lib,public}/**/*',
  '{proxy,instrumentation,next.config}.ts',
  'postcss.config.mjs',
  'tsconfig.json',
  'package.json',
  'package-lock.json',
];

/** Whether the console has to be built: never built, or something it is made of changed since. */
export function isBuildDue(): boolean {
  return !existsSync(join(ROOT, '.next/BUILD_ID')) || !existsSync(STAMP) || readFileSync(STAMP, 'utf8') !== sourceDigest();
}

/** Builds the console. Its output is shown only when it fails. `signal` ends it. */
export async function build(signal?: AbortSignal): Promise<void> {
  const digest = sourceDigest();
  const child = spawn(process.execPath, [NEXT, 'build'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  const end = () => child.kill('SIGTERM');
  signal?.addEventListener('abort', end);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((done, fail) => {
    child.on('error', fail);
    child.on('close', done);
  });
  signal?.removeEventListener('abort', end);
  signal?.throwIfAborted();
  if (code !== 0) throw new Error(`The console could not be built:\n${output.trim()}`);
  writeFileSync(STAMP, digest);
}

function sourceDigest(): string {
  const hash = createHash('sha256');
  const files = globSync(SOURCES, { cwd: ROOT, withFileTypes: true, exclude: (entry) => /\.test\.tsx?$/.test(entry.name) });
  const paths = files.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const path of paths.sort())
    hash
      .update(`${path.slice(ROOT.length)}\0`)
      .update(readFileSync(path))
      .update('\0');
  return hash.digest('hex');
}

if (import.meta.main) {
  const startedAt = performance.now();
  await build();
  console.log(`Built in ${((performance.now() - startedAt) / 1000).toFixed(1)} s.`);
}
