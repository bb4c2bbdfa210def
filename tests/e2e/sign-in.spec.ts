import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { expect, test } from '@playwright/test';
import { freePort } from '#lib/postgres/server.ts';
import { expectAccessible, expectNoSidewaysScroll, readSignIns, sessionFile, watchConsole, withDatabase } from './support.ts';

const ROOT = resolve(import.meta.dirname, '../..');

test('a wrong password is said, the address stays, and the right one leads back to where one wanted to be', async ({ page }) => {
  const { admin } = readSignIns();
  const watched = watchConsole(page);
  await page.goto('/admin/backups?state=failed');
  await expect(page).toHaveURL(/\/login\?next=/);
  await page.getByLabel('E-mail').fill(admin.email);
  await page.getByLabel('Password').fill('not the password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByText('E-mail or password is wrong.')).toBeVisible();
  await expect(page.getByLabel('E-mail')).toHaveValue(admin.email);
  await expect(page.getByLabel('Password')).toHaveValue('');
  await expectAccessible(page);
  await page.getByLabel('Password').fill(admin.password);
  await page.getByLabel('Password').press('Enter');
  await expect(page).toHaveURL(/\/admin\/backups\?state=failed$/);
  expect(watched.errors).toEqual([]);
});

test('what is missing in the form is said beside its field', async ({ page }) => {
  await page.goto('/login');
  await page.getByLabel('E-mail').fill('nobody');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByText('Enter an e-mail address, like name@example.org.')).toBeVisible();
  await expect(page.getByText('Enter your password.')).toBeVisible();
  await expect(page.getByLabel('E-mail')).toHaveAttribute('aria-invalid', 'true');
});

test('a sign-in never leads to another site', async ({ page }) => {
  const { admin } = readSignIns();
  await page.goto('/login?next=//evil.example/admin/');
  await page.getByLabel('E-mail').fill(admin.email);
  await page.getByLabel('Password').fill(admin.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(new URL('/admin/backups', process.env.CONSOLE_URL).href);
});

test('signing out ends the session: the console is closed again', async ({ page }) => {
  const { admin } = readSignIns();
  await page.goto('/login');
  await page.getByLabel('E-mail').fill(admin.email);
  await page.getByLabel('Password').fill(admin.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL('**/admin/backups');
  await page.getByRole('button', { name: /Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expect(page).toHaveURL(/\/login$/);
  await page.goto('/admin/backups');
  await expect(page).toHaveURL(/\/login\?next=/);
});

test('a session that is about to expire is renewed without a word, and stays good for requests side by side', async ({ page, context }) => {
  const { admin } = readSignIns();
  await page.goto('/login');
  await page.getByLabel('E-mail').fill(admin.email);
  await page.getByLabel('Password').fill(admin.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL('**/admin/backups');
  const session = async () => {
    const parts = (await context.cookies()).filter(({ name }) => name.startsWith('sb-auth')).sort((a, b) => a.name.localeCompare(b.name));
    return {
      cookie: parts[0],
      data: JSON.parse(
        Buffer.from(
          parts
            .map(({ value }) => value)
            .join('')
            .replace(/^base64-/, ''),
          'base64url',
        ).toString(),
      ),
    };
  };
  const before = await session();
  expect(before.cookie).toMatchObject({ name: 'sb-auth', httpOnly: true, sameSite: 'Lax' });
  const aged = { ...before.data, expires_at: Math.floor(Date.now() / 1000) - 10 };
  const value = `base64-${Buffer.from(JSON.stringify(aged)).toString('base64url')}`;
  await context.addCookies([{ name: 'sb-auth', value, url: process.env.CONSOLE_URL, httpOnly: true, sameSite: 'Lax' }]);

  await page.goto('/admin/backups');
  await expect(page.getByRole('button', { name: 'Back up now' })).toBeVisible();
  const after = await session();
  expect(after.data.refresh_token).not.toBe(before.data.refresh_token);
  const statuses = await Promise.all(Array.from({ length: 5 }, async () => (await page.request.get('/admin/backups')).status()));
  expect(statuses).toEqual([200, 200, 200, 200, 200]);
});

test('a sign-in service that is gone is said, and does not look like a wrong password', async ({ page, browser }) => {
  const port = await freePort();
  // A console of its own whose services do not answer: nothing listens on port 1.
  const env = {
    ...process.env,
    NODE_ENV: 'production' as const,
    PORT: String(port),
    HOST: '127.0.0.1',
    SUPABASE_URL: 'http://127.0.0.1:1',
    SUPABASE_PUBLISHABLE_KEY: 'sb_publishable_none',
    SUPABASE_SECRET_KEY: 'sb_secret_none',
    DATABASE_URL: 'postgres://nobody:nothing@127.0.0.1:1/none',
  };
  const server = spawn(process.execPath, [join(ROOT, 'node_modules/next/dist/bin/next'), 'start', '-H', '127.0.0.1', '-p', String(port)], {
    cwd: ROOT,
    env,
    stdio: 'ignore',
  });
  try {
    const address = `http://127.0.0.1:${port}/login`;
    await expect(async () => expect((await fetch(address)).status).toBe(200)).toPass({ timeout: 20_000 });
    await page.goto(address);
    await page.getByLabel('E-mail').fill('admin@kanzlei.example');
    await page.getByLabel('Password').fill('whatever it is');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByText('The sign-in service cannot be reached.')).toBeVisible();
    // Nor like a sign-out to somebody who is signed in.
    const context = await browser.newContext({ storageState: sessionFile('admin') });
    const other = await context.newPage();
    await other.goto(`http://127.0.0.1:${port}/admin/backups`);
    await expect(other.getByRole('alert').getByText('The sign-in service cannot be reached.')).toBeVisible();
    await expect(other).toHaveURL(/\/admin\/backups$/);
    await context.close();
  } finally {
    server.kill('SIGTERM');
    await new Promise((done) => server.once('exit', done));
  }
});

test.describe('somebody without the role', () => {
  test.use({ storageState: sessionFile('member') });

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`gets a page (403) that says which role is missing, ${colorScheme}`, async ({ page }) => {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width: 360, height: 740 });
      const response = await page.goto('/admin/backups');
      expect(response?.status()).toBe(403);
      await expect(page.getByRole('heading')).toHaveText('Your account lacks the role global_admin.');
      await expect(page.getByText('member@kanzlei.example')).toBeVisible();
      await expectAccessible(page);
      await expectNoSidewaysScroll(page);
    });
  }

  test('gets in as soon as the role is given, and out when it is taken', async ({ page }) => {
    const setRole = (role: string) =>
      withDatabase((client) => client.query(`update paliad.users set global_role = $1 where email = 'member@kanzlei.example'`, [role]));
    await setRole('global_admin');
    try {
      expect((await page.goto('/admin/backups'))?.status()).toBe(200);
    } finally {
      await setRole('member');
    }
    expect((await page.goto('/admin/backups'))?.status()).toBe(403);
  });
});
