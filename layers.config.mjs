// Who may import whom, as dependency-cruiser reads it: `npm run check` runs it, and a comment is the message that people get.
// The drawing and the reasons at length: docs/architecture.md.
import { globSync, readFileSync } from 'node:fs';

const TESTS = '(\\.test\\.tsx?$|^tests/|^vitest\\.config|^playwright\\.config)';
const ADAPTERS = ['postgres', 'workbook', 'store', 'catalog', 'notify'];
const NEXT = '(^next$|^next/|node_modules/next/)';

/** The components that run in the browser: their first statement says so, not their place. */
const clientComponents = globSync('app/**/*.tsx')
  .filter((file) => /^\s*['"]use client['"]/.test(readFileSync(file, 'utf8')))
  .map((file) => `^${file.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`);

const rules = [
  {
    name: 'backup-is-pure',
    comment: 'lib/backup says what a backup is; it must run without Next, Supabase, Postgres or a disk. Hand in what it needs.',
    from: { path: '^lib/backup/' },
    to: { pathNot: ['^lib/backup/', 'node_modules/zod/', '^(node:)?crypto$'] },
  },
  {
    name: 'app-asks',
    comment:
      'app/ is the console: pages read, actions ask. It reaches bytes, SQL and services only through lib/runner, lib/catalog/read.ts, lib/backup, lib/auth.ts and lib/action.ts.',
    from: { path: '^app/' },
    to: {
      path: '^(lib|scripts|supabase)/',
      pathNot: ['^lib/runner/', '^lib/catalog/read\\.ts$', '^lib/backup/', '^lib/(auth|action)\\.ts$'],
    },
  },
  {
    name: 'app-has-no-drivers',
    comment: 'app/ opens no connection and no file: that is what lib/runner is for.',
    from: { path: '^app/' },
    to: { path: 'node_modules/(pg|exceljs|yauzl|postgres|@supabase|@electric-sql)/|^(node:)?(fs|net|child_process)(/|$)' },
  },
  {
    name: 'browser-gets-types-only',
    comment:
      'A client component is sent to the browser: of lib/ it may use the types and pure code of lib/backup, and import types; it calls actions.',
    from: { path: clientComponents.length === 0 ? '^$' : clientComponents },
    to: { path: '^lib/', pathNot: '^lib/backup/', dependencyTypesNot: ['type-only'] },
  },
  ...ADAPTERS.map((adapter) => ({
    name: `${adapter}-stands-alone`,
    comment: `lib/${adapter} is an adapter: it knows lib/backup and its own driver, no other part of the product. lib/runner brings the parts together.`,
    from: { path: `^lib/${adapter}/` },
    to: {
      path: '^(lib|app|scripts|tests)/',
      pathNot: [
        `^lib/${adapter}/`,
        '^lib/backup/',
        // catalog/read asks with the caller's own rights; the generated types say what the tables look like.
        ...(adapter === 'catalog' ? ['^lib/supabase/(user-client|database\\.types)\\.ts$', '^lib/env\\.ts$'] : []),
      ],
    },
  })),
  {
    name: 'service-role-stays-in-runner',
    comment: 'The service role bypasses row-level security: only lib/runner may write with it.',
    from: { pathNot: ['^lib/runner/', '^lib/catalog/write', '^lib/supabase/service-client\\.ts$'] },
    to: { path: '^lib/(catalog/write.*|supabase/service-client)\\.ts$' },
  },
  {
    name: 'no-next-below-app',
    comment:
      'The command line and the loop run in plain Node, without Next: only app/, lib/auth.ts, lib/action.ts and lib/supabase/user-client.ts may import it.',
    from: { path: '^(lib|scripts)/', pathNot: ['^lib/(auth|action)\\.ts$', '^lib/supabase/user-client\\.ts$'] },
    to: { path: NEXT },
  },
  {
    name: 'doors-use-the-caller',
    comment:
      "lib/auth.ts and lib/action.ts stand between a person and the product: the caller's own client, the environment, lib/backup, and lib/runner for what is written down about a refusal.",
    from: { path: '^lib/(auth|action)\\.ts$' },
    to: {
      path: '^lib/',
      pathNot: [
        '^lib/(auth|action|env)\\.ts$',
        '^lib/supabase/(user-client|session|database\\.types)\\.ts$',
        '^lib/backup/',
        '^lib/catalog/read\\.ts$',
        '^lib/runner/',
      ],
    },
  },
  {
    name: 'env-reads-nothing-else',
    comment: 'lib/env.ts is read before anything else runs.',
    from: { path: '^lib/env\\.ts$' },
    to: { path: '^(lib|app|scripts)/', pathNot: '^lib/backup/errors\\.ts$' },
  },
  {
    name: 'scripts-go-through-runner',
    comment: 'A script asks lib/runner for what is to be done; it does not put adapters together itself.',
    from: {
      path: '^(scripts/|instrumentation\\.ts$|proxy\\.ts$)',
      // These start the built-in Postgres: in place of a hosted project, to write down what is in it, to measure against.
      pathNot: '^scripts/(stack|gen|bench)\\.ts$',
    },
    // How a session is kept is the proxy's to know as well.
    to: { path: `^lib/(${ADAPTERS.join('|')}|supabase)/`, pathNot: '^lib/supabase/session\\.ts$' },
  },
  {
    name: 'stack-starts-the-server-alone',
    comment: 'scripts/stack.ts, gen.ts and bench.ts may use the built-in Postgres and the schema dump, and no other part of an adapter.',
    from: { path: '^scripts/(stack|gen|bench)\\.ts$' },
    to: { path: `^lib/(${ADAPTERS.join('|')}|supabase)/`, pathNot: '^lib/postgres/(server|pg-dump)\\.ts$' },
  },
  {
    name: 'product-knows-no-tests',
    comment: 'What runs in production must not depend on what only exists to test it.',
    from: { path: '^(app|lib|scripts|proxy\\.ts|instrumentation\\.ts)' },
    to: { path: '^tests/|\\.test\\.tsx?$' },
  },
  {
    name: 'lib-knows-no-callers',
    comment: 'lib/ is used by the console and the scripts, never the other way round.',
    from: { path: '^lib/' },
    to: { path: '^(app|scripts)/' },
  },
  {
    name: 'no-circle',
    comment:
      'Two files that import each other are one file; where they must be two, a third holds what they share. (Types, and what is loaded only when it is needed, do not count.)',
    from: { path: '^(app|lib|scripts)/' },
    to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only', 'dynamic-import'] } },
  },
  {
    name: 'nothing-missing',
    comment: 'This import leads nowhere, or to a package that package.json does not name.',
    from: {},
    to: { couldNotResolve: true },
  },
];

export default {
  forbidden: rules.map((rule) => ({
    severity: 'error',
    ...rule,
    from: { ...rule.from, pathNot: [TESTS, ...[rule.from.pathNot ?? []].flat()] },
  })),
  options: {
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(\\.next|node_modules/\\.)' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.d.ts'],
    },
    moduleSystems: ['es6'],
    tsPreCompilationDeps: true,
  },
};
