import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
let folder = '';
let report = '';

/** file, its one import, the rule that must refuse it, words of the reason */
const REFUSED = [
  ['lib/backup/a.ts', "import 'node:fs'", 'backup-is-pure', 'without Next, Supabase, Postgres or a disk'],
  ['lib/backup/b.ts', "import '#lib/postgres/target.ts'", 'backup-is-pure', 'Hand in what it needs'],
  ['app/a.tsx', "import '#lib/postgres/target.ts'", 'app-asks', 'pages read, actions ask'],
  ['app/b.tsx', "import '#lib/catalog/write.ts'", 'service-role-stays-in-runner', 'bypasses row-level security'],
  ['app/c.ts', "import 'pg'", 'app-has-no-drivers', 'opens no connection and no file'],
  ['app/d.tsx', "'use client';\nimport { x } from '#lib/runner/target.ts';\nx()", 'browser-gets-types-only', 'sent to the browser'],
  ['lib/workbook/a.ts', "import '#lib/postgres/target.ts'", 'workbook-stands-alone', 'lib/runner brings the parts together'],
  ['lib/postgres/a.ts', "import type { T } from '#lib/workbook/target.ts'; export type U = T", 'postgres-stands-alone', 'is an adapter'],
  ['lib/catalog/a.ts', "import '#lib/supabase/service-client.ts'", 'service-role-stays-in-runner', 'only lib/runner may write with it'],
  ['lib/runner/a.ts', "import 'next/server'", 'no-next-below-app', 'run in plain Node'],
  ['lib/runner/b.ts', "import '#app/target.ts'", 'lib-knows-no-callers', 'never the other way round'],
  ['lib/store/a.ts', "export const later = () => import('#lib/env.ts')", 'store-stands-alone', 'knows lib/backup and its own driver'],
  ['scripts/a.ts', "import '#lib/store/target.ts'", 'scripts-go-through-runner', 'asks lib/runner'],
  ['scripts/stack.ts', "import '#lib/store/target.ts'", 'stack-starts-the-server-alone', 'no other part of an adapter'],
  ['lib/runner/c.ts', "import '#tests/target.ts'", 'product-knows-no-tests', 'only exists to test it'],
  ['lib/runner/d.ts', "import './e.ts'", 'no-circle', 'two files that import each other'],
  ['lib/runner/f.ts', "import './not-there.ts'", 'nothing-missing', 'leads nowhere'],
] as const;

const ALLOWED = [
  ['lib/backup/ok.ts', "import * as z from 'zod'; import './errors.ts'; z"],
  ['app/ok.tsx', "import '#lib/runner/target.ts'; import '#lib/catalog/read.ts'; import '#lib/auth.ts'; import 'next/server'"],
  [
    'app/ok-client.tsx',
    "'use client';\nimport type { T } from '#lib/runner/target.ts';\nimport '#lib/backup/errors.ts';\nexport type U = T",
  ],
  [
    'lib/runner/ok.ts',
    "import '#lib/postgres/target.ts'; import '#lib/catalog/write.ts'; import '#lib/store/target.ts'; import '#lib/env.ts'",
  ],
  ['lib/postgres/ok.ts', "import 'pg'; import 'node:fs'; import '#lib/backup/errors.ts'"],
  ['scripts/gen.ts', "import '#lib/postgres/server.ts'; import './a.ts'"],
  ['lib/store/ok.test.ts', "import '#lib/postgres/target.ts'"],
  ['tests/ok.test.ts', "import '#lib/postgres/target.ts'; import '#lib/catalog/write.ts'"],
] as const;

const TARGETS = [
  'lib/postgres/target.ts',
  'lib/postgres/server.ts',
  'lib/workbook/target.ts',
  'lib/store/target.ts',
  'lib/runner/target.ts',
  'lib/catalog/write.ts',
  'lib/catalog/read.ts',
  'lib/supabase/service-client.ts',
  'lib/backup/errors.ts',
  'lib/auth.ts',
  'lib/env.ts',
  'app/target.ts',
  'tests/target.ts',
];

function plant(file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), `${text};\n`);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'paliad-layers-'));
  for (const name of ['package.json', 'layers.config.mjs', 'tsconfig.json']) cpSync(join(ROOT, name), join(folder, name));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const file of TARGETS) plant(file, 'export type T = 1; export const x = () => {}');
  for (const [file, text] of [...REFUSED, ...ALLOWED]) plant(file, text);
  plant('lib/runner/e.ts', "import './d.ts'");
  const command = [
    join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs'),
    '--config',
    'layers.config.mjs',
    '--output-type',
    'err-long',
  ];
  report = await new Promise((done) => {
    execFile(process.execPath, [...command, 'app', 'lib', 'scripts', 'tests'], { cwd: folder }, (_error, stdout, stderr) =>
      done(stdout + stderr),
    );
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the layers', () => {
  it.each(REFUSED)('are kept: %s with %j is refused by %s, and the message says why', (file, _text, rule, words) => {
    const at = report.indexOf(`${rule}: ${file} `);
    expect(at, report).toBeGreaterThan(-1);
    expect(
      report
        .slice(at, at + 800)
        .replace(/\s+/g, ' ')
        .toLowerCase(),
    ).toContain(words.toLowerCase());
  });

  it.each(ALLOWED)('let through what each may do: %s', (file) => {
    expect(report).toMatch(/\d+ modules, \d+ dependencies cruised/);
    expect(report).not.toContain(`: ${file} `);
  });
});
