import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build, isBuildDue, ROOT } from './build.ts';
import { check } from './check.ts';
import { closingLine, type Outcome, runPlaywright, runStep, runVitest } from './suites.ts';

// `npm test`: everything. `--long` does more of some: more kills, more rows. `npm test -- WORDS` runs the test files
// whose path holds one of the words. It installs nothing: a suite that needs a Debian package says which.
const { values, positionals } = parseArgs({ options: { long: { type: 'boolean', default: false } }, allowPositionals: true });

async function everything(): Promise<Outcome[]> {
  const outcomes = [...(await check())];
  // Built before the database suites: some of them start the whole product.
  if (existsSync(join(ROOT, 'app')) && isBuildDue()) outcomes.push(await runStep('build', () => build()));
  outcomes.push(await runVitest('database', ['database']));
  if (existsSync(join(ROOT, 'playwright.config.ts'))) outcomes.push(await runPlaywright('browser'));
  return outcomes;
}

if (values.long) process.env.PALIAD_TEST_LONG = '1';
const startedAt = performance.now();
const notes = mkdtempSync(join(tmpdir(), 'paliad-notes-'));
process.env.PALIAD_TEST_NOT_RUN = join(notes, 'not-run');
const outcomes = positionals.length > 0 ? [await runVitest('chosen tests', [], positionals)] : await everything();
console.log(`\nAll suites took ${Math.round((performance.now() - startedAt) / 1000)} s.`);
for (const { title, passed, failed, skipped } of outcomes) {
  console.log(`  ${failed === 0 ? 'ok  ' : 'FAIL'} ${title.padEnd(22)} ${passed} passed, ${failed} failed, ${skipped} skipped`);
}
if (existsSync(join(notes, 'not-run')))
  console.log([...new Set(readFileSync(join(notes, 'not-run'), 'utf8').trim().split('\n'))].join('\n'));
rmSync(notes, { recursive: true, force: true });
console.log(closingLine(outcomes));
process.exitCode = outcomes.some(({ failed }) => failed > 0) ? 1 : 0;
