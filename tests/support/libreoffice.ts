import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './programs.ts';

/** Opens files with LibreOffice and saves each in another format, under its own name, in `folder`. A profile of its own is thrown away. */
export async function convertWithLibreOffice(files: readonly string[], format: string, folder: string): Promise<void> {
  const profile = await mkdtemp(join(tmpdir(), 'paliad-libreoffice-'));
  try {
    await run('soffice', [`-env:UserInstallation=file://${profile}`, '--headless', '--convert-to', format, '--outdir', folder, ...files]);
  } finally {
    await rm(profile, { recursive: true, force: true });
  }
}
