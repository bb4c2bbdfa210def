import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import * as z from 'zod';

/** How a suite went, in tests; a tool that only says yes or no is one test. */
export type Outcome = { readonly title: string; readonly passed: number; readonly failed: number; readonly skipped: number };

const ROOT = resolve(import.meta.dirname, '..');
const VitestReport = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.object({ status: z.string() })) })),
});
const PlaywrightReport = z.object({
  stats: z.object({ expected: z.number(), unexpected: z.number(), flaky: z.number(), skipped: z.number() }),
  errors: z.array(z.unknown()),
});

/** Runs a tool of node_modules/.bin, or a script. It counts as one test; what it prints is shown only when it fails. */
export async function runTool(title: string, command: readonly string[]): Promise<Outcome> {
  const startedAt = performance.now();
  const { code, output } = await run(command, 'kept');
  if (code !== 0) console.log(output.trim());
  return told({ title, passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 }, startedAt);
}

/** Does the work in this process. It counts as one test. */
export async function runStep(title: string, work: () => Promise<void>): Promise<Outcome> {
  const startedAt = performance.now();
  const error: unknown = await work().then(
    () => undefined,
    (reason: unknown) => reason ?? 'failed',
  );
  if (error !== undefined) console.log(error instanceof Error ? error.message : String(error));
  return told({ title, passed: error === undefined ? 1 : 0, failed: error === undefined ? 0 : 1, skipped: 0 }, startedAt);
}

/** Runs the test files of Vitest projects, or those whose path holds one of `filters`. */
export async function runVitest(title: string, projects: readonly string[], filters: readonly string[] = []): Promise<Outcome> {
  const startedAt = performance.now();
  return withReportFile(async (file) => {
    const options = projects.map((project) => `--project=${project}`);
    const report = ['--passWithNoTests', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const { code } = await run(['vitest', 'run', ...options, ...report, ...filters], 'shown');
    const parsed = existsSync(file) ? VitestReport.safeParse(JSON.parse(readFileSync(file, 'utf8'))) : undefined;
    if (parsed?.success !== true) return told({ title, passed: 0, failed: code === 0 ? 0 : 1, skipped: 0 }, startedAt);
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = parsed.data;
    // A file that could not be loaded, or whose beforeAll failed, has failed though none of its tests has.
    const broken = testResults.filter(
      ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
    );
    const failed = numFailedTests + broken.length;
    const skipped = numPendingTests + numTodoTests;
    return told({ title, passed: numPassedTests, failed: failed === 0 && code !== 0 ? 1 : failed, skipped }, startedAt);
  });
}

/** Runs the browser's test files. */
export async function runPlaywright(title: string): Promise<Outcome> {
  const startedAt = performance.now();
  return withReportFile(async (file) => {
    // The browser's package unpacks into the temporary folder and takes what lies there, even when it is another user's.
    const temporary = join(tmpdir(), `paliad-${userInfo().username}`);
    mkdirSync(temporary, { recursive: true, mode: 0o700 });
    const variables = { PLAYWRIGHT_JSON_OUTPUT_NAME: file, TMPDIR: temporary };
    const { code } = await run(['playwright', 'test', '--reporter=line,json'], 'shown', variables);
    const parsed = existsSync(file) ? PlaywrightReport.safeParse(JSON.parse(readFileSync(file, 'utf8'))) : undefined;
    if (parsed?.success !== true) return told({ title, passed: 0, failed: code === 0 ? 0 : 1, skipped: 0 }, startedAt);
    const { expected, unexpected, flaky, skipped } = parsed.data.stats;
    const failed = unexpected + parsed.data.errors.length;
    return told({ title, passed: expected + flaky, failed: failed === 0 && code !== 0 ? 1 : failed, skipped }, startedAt);
  });
}

/** The closing line: `N passed, N failed` over all, and `, N skipped` when some were. */
export function closingLine(outcomes: readonly Outcome[]): string {
  const sum = (pick: (outcome: Outcome) => number) => outcomes.reduce((total, outcome) => total + pick(outcome), 0);
  const skipped = sum((outcome) => outcome.skipped);
  return `${sum((outcome) => outcome.passed)} passed, ${sum((outcome) => outcome.failed)} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`;
}

function told(outcome: Outcome, startedAt: number): Outcome {
  const { title, passed, failed, skipped } = outcome;
  const counts = passed + failed + skipped > 1 ? `: ${closingLine([outcome])}` : '';
  console.log(`${failed === 0 ? 'ok  ' : 'FAIL'} ${title}${counts} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`);
  return outcome;
}

async function withReportFile<T>(work: (file: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'paliad-report-'));
  try {
    return await work(join(folder, 'report.json'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(
  command: readonly string[],
  output: 'kept' | 'shown',
  more: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; output: string }> {
  const [program = '', ...options] = command;
  const stdio = output === 'kept' ? (['ignore', 'pipe', 'pipe'] as const) : (['ignore', 'inherit', 'inherit'] as const);
  // The same whoever calls: run.mjs puts node_modules/.bin on PATH, and a colour setting must not change what is parsed.
  const child = spawn(program, options, { cwd: ROOT, stdio: [...stdio], env: { ...process.env, ...more } });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return new Promise((done) => {
    child.on('error', (error) => done({ code: 1, output: error.message }));
    child.on('close', (code) => done({ code, output: text }));
  });
}
