// `npm run work [-- --once]`: a runner without a console, on any machine that reaches the catalog, the database and the store.
// Any number of them may run beside the console: the catalog lets one work at a time. `--once` ends when nothing is left to do.
import { parseArgs } from 'node:util';
import { asBackupError, BackupError } from '#lib/backup/errors.ts';
import { env } from '#lib/env.ts';
import { startLoop, stopLoop, workUntilDone } from '#lib/runner/loop.ts';

async function work(): Promise<void> {
  const { values } = parseArgs({ options: { once: { type: 'boolean', default: false } } });
  env(); // says what is missing before anything begins
  const stop = new AbortController();
  const told = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  if (values.once) {
    void told.then(() => stop.abort(new BackupError('RUN_DRAINED')));
    return workUntilDone(stop.signal);
  }
  startLoop();
  process.stderr.write('Waiting for backups to make. Stop with Ctrl-C.\n');
  await told;
  process.stderr.write('Stopping …\n');
  await stopLoop();
}

try {
  await work();
  process.exit(0);
} catch (error) {
  const { code, title, detail, hint } = asBackupError(error);
  process.stderr.write(`${title}\n${detail === '' ? '' : `  ${detail}\n`}  ${hint}\n  (${code})\n`);
  process.exit(1);
}
