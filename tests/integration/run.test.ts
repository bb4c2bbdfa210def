import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const run = (...options: string[]) => spawnSync('node', ['scripts/run.mjs', ...options], { cwd: ROOT, encoding: 'utf8' });

describe('scripts/run.mjs', () => {
  it('passes arguments on and the exit code back', () => {
    const refused = run('gen', '--nonsense');
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain("Unknown option '--nonsense'");
  });

  it('keeps stdout for the script', () => {
    const help = run('paliad', '--help');
    expect(help.status).toBe(0);
    expect(help.stdout.trimStart()).toMatch(/paliad/i);
    expect(help.stderr).toBe('');
  });

  it.each(['no-such-script', '../evil', ''])('says in words that %j is no script', (name) => {
    const refused = run(name);
    expect(refused).toMatchObject({ status: 2, stdout: '' });
    expect(refused.stderr).toContain('There is no script');
  });
});
