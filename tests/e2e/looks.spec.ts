import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { clearCatalog, expectAccessible, expectNoSidewaysScroll, fillCatalog, sessionFile, watchConsole, withDatabase } from './support.ts';

test.use({ storageState: sessionFile('admin') });

/** Pictures of every page for people to look at; printed nowhere else. */
const PICTURES = process.env.CONSOLE_PICTURES ?? join(tmpdir(), 'backup-mode-pictures');
mkdirSync(PICTURES, { recursive: true });

const SIZES = [
  { name: '360', width: 360, height: 740 },
  { name: '1440', width: 1440, height: 900 },
];

type Shown = {
  readonly name: string;
  readonly open: (page: Page) => Promise<unknown> /** Instead of seventy days of backups. */;
  readonly before?: () => Promise<unknown>;
};

const openFirst = async (page: Page, path: string) => {
  await page.goto(path);
  await page.locator('tbody a').first().click();
  await page.waitForURL(/backups\/[0-9a-f-]{36}/);
  await expect(page.getByRole('link', { name: 'Overview' })).toBeVisible();
};

/** Seventy days of backups, and one open row on top. */
const filledWith = (columns: string, values: string) => async () => {
  await filled();
  await withDatabase((client) =>
    client.query(`insert into paliad.backups (kind, status, requested_by_email, slot, give_up_at, ${columns})
      values ('on_demand', 'running', 'admin@kanzlei.example', 'asked/looks', now() + interval '1 h', ${values})`),
  );
};
async function filled(): Promise<void> {
  await clearCatalog();
  await fillCatalog(70);
}
const PROGRESS = `jsonb_build_object('phase', 'rows', 'table', 'public.time_entries', 'tablesDone', 6, 'tablesTotal', 14, 'rows', 12400,
  'rowsExpected', 20031, 'sizeBytes', 3200000, 'startedAt', now() - interval '6 s')`;

const RUNNING = [
  'attempt, lease, lease_until, runner, progress',
  `1, gen_random_uuid(), now() + interval '10 min', 'host/1', ${PROGRESS}`,
] as const;

const PAGES: readonly Shown[] = [
  { name: 'empty', before: clearCatalog, open: (page) => page.goto('/admin/backups') },
  { name: 'catalog', open: (page) => page.goto('/admin/backups') },
  { name: 'catalog-page-2', open: (page) => page.goto('/admin/backups?page=2') },
  { name: 'no-match', open: (page) => page.goto('/admin/backups?state=open') },
  {
    name: 'menu',
    open: async (page) => {
      await page.goto('/admin/backups');
      await page.getByRole('button', { name: /Account of/ }).click();
      await expect(page.getByRole('menu')).toBeVisible();
    },
  },
  {
    name: 'exact-time',
    open: async (page) => {
      await page.goto('/admin/backups');
      await page.locator('tbody time').first().hover();
      await expect(page.getByRole('tooltip')).toBeVisible();
    },
  },
  { name: 'backup', open: (page) => openFirst(page, '/admin/backups?state=done') },
  {
    name: 'tables',
    open: async (page) => {
      await openFirst(page, '/admin/backups?state=cleaned-up');
      await page.getByRole('link', { name: 'Tables' }).click();
      await expect(page.getByRole('table')).toBeVisible();
    },
  },
  {
    name: 'download-dialog',
    open: async (page) => {
      await openFirst(page, '/admin/backups?state=done');
      await page.getByRole('button', { name: /^Download/ }).click();
      await expect(page.getByRole('dialog')).toBeVisible();
    },
  },
  { name: 'failed', open: (page) => openFirst(page, '/admin/backups?state=failed') },
  {
    name: 'trying-again',
    before: filledWith(
      'attempt, next_try_at, warnings',
      `2, now() + interval '10 min', '["Attempt 2: SOURCE_UNREACHABLE: db.example.org:5432"]'`,
    ),
    open: (page) => page.goto('/admin/backups'),
  },
  {
    name: 'stalled',
    // The next try lies ahead: the product's own loop must not take it over while it is looked at.
    before: filledWith(
      'attempt, lease, lease_until, runner, progress, next_try_at',
      `1, gen_random_uuid(), now() - interval '5 s', 'host/1', ${PROGRESS}, now() + interval '10 min'`,
    ),
    open: (page) => page.goto('/admin/backups'),
  },
  { name: 'running', before: filledWith(...RUNNING), open: (page) => page.goto('/admin/backups') },
  { name: 'running-page', before: filledWith(...RUNNING), open: (page) => openFirst(page, '/admin/backups?state=open') },
];

test.afterAll(clearCatalog);

for (const { name, before, open } of PAGES) {
  test(`${name}: accessible, and no wider than the window, light and dark, phone and desktop`, async ({ page }) => {
    await (before ?? filled)();
    const watched = watchConsole(page);
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const size of SIZES) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await page.setViewportSize(size);
        await open(page);
        await expect(page.getByRole('status', { name: /^Reading/ })).toHaveCount(0); // not the places kept while it is read
        await page.screenshot({
          path: join(PICTURES, `${name}-${colorScheme}-${size.name}.png`),
          // What floats above the page keeps its place only in a picture of the window.
          fullPage: !['download-dialog', 'menu', 'exact-time'].includes(name),
        });
        await expectNoSidewaysScroll(page);
        // Each scheme once and each size once: the rules see the whole page at any of them.
        if ((colorScheme === 'light') === size.width > 1_000) await expectAccessible(page);
      }
    }
    expect(watched.errors).toEqual([]);
  });
}

test('the chosen scheme stays, and is there before the first paint', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto('/admin/backups');
  const canvas = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await canvas();
  await page.getByRole('button', { name: /Account of/ }).click();
  await page.getByRole('menuitemradio', { name: 'Dark' }).click();
  await expect.poll(canvas).not.toBe(light);
  // The server already says it: no script has to run first.
  expect(await (await page.request.get('/admin/backups')).text()).toContain('data-theme="dark"');
  await page.getByRole('menuitemradio', { name: 'System' }).click();
  await expect.poll(canvas).toBe(light);
});

test('nothing jumps when the page has loaded', async ({ page }) => {
  await clearCatalog();
  await fillCatalog(40);
  await page.addInitScript(() => {
    Object.assign(globalThis, { shift: 0 });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries())
        if ('value' in entry) Reflect.set(globalThis, 'shift', Reflect.get(globalThis, 'shift') + entry.value);
    }).observe({ type: 'layout-shift', buffered: true });
  });
  for (const path of ['/admin/backups', '/login']) {
    await page.goto(path, { waitUntil: 'networkidle' });
    expect(await page.evaluate(() => Reflect.get(globalThis, 'shift'))).toBeLessThan(0.02);
  }
});

test('everything can be reached and used with the keyboard alone', async ({ page }) => {
  await page.goto('/admin/backups');
  await expect(page.getByRole('button', { name: 'Back up now' })).toBeVisible();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Back up now' })).toBeFocused();

  // The picture is one stop; the arrows go from run to run.
  await page.keyboard.press('Tab');
  const bar = page.locator('svg a:focus');
  const newest = await bar.getAttribute('href');
  await page.keyboard.press('ArrowLeft');
  await expect(bar).not.toHaveAttribute('href', newest ?? '');
  await page.keyboard.press('Enter');
  await page.waitForURL(/backups\/[0-9a-f-]{36}/);

  await page.goto('/admin/backups?state=done');
  const first = page.locator('tbody a').first();
  await expect(first).toBeVisible(); // what has not been shown yet takes no focus
  await first.focus();
  await page.keyboard.press('Enter');
  await page.waitForURL(/backups\/[0-9a-f-]{36}/);
  const opener = page.getByRole('button', { name: /^Download/ });
  await opener.focus();
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('What is it for?')).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();
  await expect(opener).toBeFocused();
});
