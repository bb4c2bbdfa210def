import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { closingLine, type Outcome, runTool, runVitest } from './suites.ts';

const SOURCES = ['app', 'lib', 'scripts', 'tests', 'proxy.ts', 'instrumentation.ts'];

/** Everything that can be told without a browser, in a minute or so: format, lint, layers, types, unused code, docs, unit tests. */
export async function check(): Promise<Outcome[]> {
  const sources = SOURCES.filter((path) => existsSync(resolve(import.meta.dirname, '..', path)));
  return [
    await runTool('format and lint', ['biome', 'check', '--max-diagnostics=200', '--diagnostic-level=error']),
    await runTool('layers', ['depcruise', '--config', 'layers.config.mjs', '--output-type', 'err-long', ...sources]),
    ...(sources.includes('app') ? [await runTool('types of the routes', ['next', 'typegen'])] : []),
    // Not incremental: a kept state misses a change of the compiler's libraries, and the whole takes two seconds.
    await runTool('types', ['tsc', '--noEmit', '--incremental', 'false']),
    await runTool('unused code', ['knip', '--no-progress']),
    await runTool('generated files', ['node', 'scripts/gen.ts', '--check']),
    await runVitest('unit and docs', ['unit']),
  ];
}

if (import.meta.main) {
  const outcomes = await check();
  console.log(`\n${closingLine(outcomes)}`);
  process.exitCode = outcomes.some(({ failed }) => failed > 0) ? 1 : 0;
}
