// The one door to every npm script: `node scripts/run.mjs NAME [ARGUMENTS]`.
// Plain Node 18 or newer and its standard library only, because it runs before node_modules exists. It installs the
// packages when package-lock.json changed, then runs scripts/NAME.ts under the Node 24 that came with them.
// It writes to stderr alone: stdout belongs to the script (`npm run paliad -- … --json | jq`).
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const isWindows = process.platform === 'win32';
const modules = join(root, 'node_modules');
const nodeBinary = join(modules, 'node', 'bin', isWindows ? 'node.exe' : 'node');
const installing = join(root, '.installing');
const [name = '', ...rest] = process.argv.slice(2);

/** The process whose end is awaited; signals go on to it. */
let child = null;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => (child ? child.kill(signal) : process.exit(128 + constants.signals[signal])));
}
stopWhenAbandoned();

const script = join(root, 'scripts', `${name}.ts`);
if (!/^[a-z-]+$/.test(name) || !existsSync(script)) {
  say(`There is no script "${name}". The scripts are listed under "scripts" in package.json.`);
  process.exit(2);
}
await installIfNeeded();
process.exit(await run(nodeBinary, [script, ...rest], 'inherit', environment()));

function say(text) {
  process.stderr.write(`${text}\n`);
}

/** npm does not pass SIGTERM on; without this the server would outlive an `npm start` that was ended by it. */
function stopWhenAbandoned() {
  if (!process.env.npm_lifecycle_event || isWindows) return;
  const parents = parentIds();
  setInterval(() => {
    if (parentIds() === parents) return;
    if (child) child.kill('SIGTERM');
    else process.exit(143);
  }, 500).unref();
}

/** The parent's id and, where /proc tells it, the grandparent's: a shell may stand between npm and this process. */
function parentIds() {
  try {
    const stat = readFileSync(`/proc/${process.ppid}/stat`, 'utf8');
    return `${process.ppid} ${stat.slice(stat.lastIndexOf(')')).split(' ')[2]}`;
  } catch {
    return String(process.ppid);
  }
}

async function installIfNeeded() {
  if (isInstalled()) return;
  await withInstallLock(async () => {
    if (isInstalled()) return;
    const isFirst = !existsSync(modules);
    say(isFirst ? 'Installing the packages (the first time: one to two minutes) …' : 'The list of packages changed: installing …');
    const startedAt = Date.now();
    const options = ['ci', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];
    // NODE_ENV=production would leave out what the build and the tests need.
    const code = await run('npm', options, ['ignore', 2, 2], { ...process.env, NODE_ENV: '', npm_config_engine_strict: 'false' });
    if (code !== 0) {
      say('The packages could not be installed; npm says why above. They come from the registry that npm is set to: is it reachable?');
      process.exit(code);
    }
    writeFileSync(join(modules, '.installed'), lockDigest());
    say(`Packages installed in ${Math.round((Date.now() - startedAt) / 1000)} s.`);
  });
}

function isInstalled() {
  const stamp = join(modules, '.installed');
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === lockDigest() && existsSync(nodeBinary);
}

function lockDigest() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

/** Two scripts started at once in a fresh clone: the second waits, because npm ci empties node_modules first. */
async function withInstallLock(install) {
  for (let isSaid = false; !tryLock(); await sleep(300)) {
    if (!isSaid) say('Another process is installing the packages: waiting for it …');
    isSaid = true;
  }
  const unlock = () => rmSync(installing, { recursive: true, force: true });
  process.once('exit', unlock);
  await install();
  unlock();
}

function tryLock() {
  try {
    mkdirSync(installing);
    writeFileSync(join(installing, 'pid'), String(process.pid));
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (!isHolderAlive()) rmSync(installing, { recursive: true, force: true });
    return false;
  }
}

function isHolderAlive() {
  try {
    const id = Number(readFileSync(join(installing, 'pid'), 'utf8'));
    if (id === 0) return true; // about to be written
    process.kill(id, 0);
    return true;
  } catch (error) {
    return error.code === 'ENOENT' || error.code === 'EPERM';
  }
}

/** Ends with the exit code of the process, 128 + N when signal N ended it. */
function run(command, options, stdio, env) {
  return new Promise((resolve, reject) => {
    child = spawn(command, options, {
      cwd: options[0] === script ? process.cwd() : root,
      stdio,
      env,
      shell: isWindows && command === 'npm',
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      child = null;
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}

function environment() {
  return {
    ...process.env,
    INIT_CWD: process.env.INIT_CWD ?? process.cwd(), // where the person stands: relative paths in arguments are meant from there
    PATH: join(modules, '.bin') + delimiter + (process.env.PATH ?? ''), // what the script calls runs on Node 24 too
    LITE_TELEMETRY: '0',
    DO_NOT_TRACK: '1',
    NEXT_TELEMETRY_DISABLED: '1',
    SUPABASE_TELEMETRY_DISABLED: '1',
  };
}
