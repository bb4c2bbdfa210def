import { gzipSync } from 'node:zlib';
import { expect, test } from '@playwright/test';
import { clearCatalog, fillCatalog, sessionFile } from './support.ts';

test.use({ storageState: sessionFile('admin') });
test.afterAll(clearCatalog);

const FIRST_LOAD_BYTES = 180_000;
const RENDER_MS = 200;
const note = (type: string, description: string) => test.info().annotations.push({ type, description });

test('the first load brings at most 180 kB of script, gzipped', async ({ page }) => {
  await clearCatalog();
  await fillCatalog(30);
  for (const path of ['/admin/backups', '/login']) {
    if (path === '/login') await page.context().clearCookies(); // whoever is signed in is sent on
    const sizes: Promise<number>[] = [];
    page.on('response', (response) => {
      if (response.request().resourceType() === 'script') sizes.push(response.body().then((body) => gzipSync(body).length));
    });
    await page.goto(path, { waitUntil: 'networkidle' });
    const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
    page.removeAllListeners('response');
    note(`first load of ${path}`, `${bytes} bytes`);
    expect(bytes).toBeLessThanOrEqual(FIRST_LOAD_BYTES);
  }
});

test('a catalog of 10,000 backups is drawn by the server within 200 ms', async ({ page }) => {
  await clearCatalog();
  await fillCatalog(10_000);
  for (const path of ['/admin/backups', '/admin/backups?sort=size&page=300', '/admin/backups?state=failed']) {
    const times: number[] = [];
    for (let round = 0; round < 6; round++) {
      const startedAt = performance.now();
      const response = await page.request.get(path);
      expect(response.status()).toBe(200);
      times.push(performance.now() - startedAt);
    }
    note(`render of ${path}`, `${times.map(Math.round).join(' ')} ms`);
    // The quickest of them: what else the machine does at the moment is not what is measured.
    expect(Math.min(...times)).toBeLessThanOrEqual(RENDER_MS);
  }
});
