// Completes package-lock.json after `npm install`. A registry that lacks the optional binaries of other platforms makes
// npm leave them out of the lock, and `npm ci` then refuses its own lock ("Missing: … from lock file"). A stub entry
// with name, version and platform is enough for it. Run: node_modules/.bin/node scripts/fix-lock.ts
import { readFileSync, writeFileSync } from 'node:fs';

const LOCK_FILE = 'package-lock.json';
type Package = {
  version?: string;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
};

const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/darwin/, 'darwin'],
  [/win32|windows/, 'win32'],
  [/android/, 'android'],
  [/freebsd/, 'freebsd'],
  [/linux/, 'linux'],
];
const PROCESSORS: readonly (readonly [RegExp, string])[] = [
  [/arm64/, 'arm64'],
  [/x64/, 'x64'],
  [/wasm32/, 'wasm32'],
  [/ia32/, 'ia32'],
  [/arm/, 'arm'],
];

/** The stub of an optional package: exactly what npm needs to skip it on other platforms. */
function stub(name: string, version: string): Package {
  const system = SYSTEMS.find(([pattern]) => pattern.test(name));
  const processor = PROCESSORS.find(([pattern]) => pattern.test(name));
  const libc = /musl/.test(name) ? 'musl' : /gnu|glibc/.test(name) ? 'glibc' : undefined;
  return {
    version,
    optional: true,
    ...(system && { os: [system[1]] }),
    ...(processor && { cpu: [processor[1]] }),
    ...(libc && { libc: [libc] }),
  };
}

/** Whether Node, standing in the package at `from`, would find `name`: there or in a folder above it. */
function isResolvable(packages: Record<string, unknown>, from: string, name: string): boolean {
  for (let base = from; ; ) {
    if (`${base === '' ? '' : `${base}/`}node_modules/${name}` in packages) return true;
    const cut = base.lastIndexOf('node_modules/');
    if (cut < 0) return false;
    base = base.slice(0, cut).replace(/\/$/, '');
  }
}

// npm's own file, taken as it is: parsing it into another shape would reorder its keys.
const lock: { packages: Record<string, Package> } = JSON.parse(readFileSync(LOCK_FILE, 'utf8'));
const added: string[] = [];
for (const [path, entry] of Object.entries({ ...lock.packages })) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (!/^\d/.test(version) || isResolvable(lock.packages, path, name)) continue;
    lock.packages[`node_modules/${name}`] = stub(name, version);
    added.push(name);
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(LOCK_FILE, `${JSON.stringify(lock, null, 2)}\n`);
console.log(added.length === 0 ? 'The lock is complete.' : `Added ${added.length} entries: ${added.join(', ')}`);
