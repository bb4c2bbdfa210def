import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type APIRequestContext, expect, request, test } from '@playwright/test';
import { clearCatalog, fillCatalog, readSecrets, sessionFile, withDatabase } from './support.ts';

const ROOT = resolve(import.meta.dirname, '../..');
let id = '';

test.beforeAll(async () => {
  await clearCatalog();
  await fillCatalog(3);
  const { rows } = await withDatabase((client) =>
    client.query<{ id: string }>(`select id from paliad.backups where status = 'done' order by started_at desc limit 1`),
  );
  id = rows[0]?.id ?? '';
});

async function as(who: 'anon' | 'member' | 'admin'): Promise<APIRequestContext> {
  const baseURL = process.env.CONSOLE_URL ?? '';
  return request.newContext({ baseURL, ...(who === 'anon' ? {} : { storageState: sessionFile(who) }) });
}

const here = () => new URL(process.env.CONSOLE_URL ?? '').origin;

test.describe('the download', () => {
  const refusals = [
    { who: 'anon', origin: here, status: 401, code: 'NOT_SIGNED_IN' },
    { who: 'member', origin: here, status: 403, code: 'NOT_ADMIN' },
    { who: 'admin', origin: () => 'https://evil.example', status: 403, code: 'FOREIGN_ORIGIN' },
    { who: 'admin', origin: () => 'null', status: 403, code: 'FOREIGN_ORIGIN' },
    { who: 'admin', origin: () => undefined, status: 403, code: 'FOREIGN_ORIGIN' },
  ] as const;
  for (const { who, origin, status, code } of refusals) {
    test(`is refused to ${who} from ${origin === here ? 'this site' : (origin() ?? 'nowhere')}, and the try is audited`, async () => {
      const api = await as(who);
      const sent = origin();
      const response = await api.post(`/admin/backups/${id}/download`, {
        form: { reason: 'curious' },
        headers: sent === undefined ? {} : { origin: sent },
      });
      expect(response.status()).toBe(status);
      expect((await response.json()).error.code).toBe(code);
      const { rows } = await withDatabase((client) =>
        client.query(`select 1 from paliad.system_audit_log where action = 'backup.download.refused' and at > now() - interval '5 s'`),
      );
      expect(rows.length).toBeGreaterThan(0);
    });
  }

  test('wants a reason', async () => {
    const api = await as('admin');
    const response = await api.post(`/admin/backups/${id}/download`, { form: { reason: ' x ' }, headers: { origin: here() } });
    expect(response.status()).toBe(400);
    expect((await response.json()).error.code).toBe('INPUT_INVALID');
  });

  test('knows no backup of a foreign id, and is no page', async () => {
    const api = await as('admin');
    const response = await api.post(`/admin/backups/${randomUUID()}/download`, {
      form: { reason: 'curious' },
      headers: { origin: here() },
    });
    expect(response.status()).toBe(404);
    expect((await api.get(`/admin/backups/${id}/download`)).status()).toBe(405);
  });
});

test('how far a backup is, is told to administrators only', async () => {
  const statuses = async (path: string) =>
    Promise.all((['anon', 'member', 'admin'] as const).map(async (who) => (await (await as(who)).get(path)).status()));
  expect(await statuses(`/api/backups/${id}/progress`)).toEqual([401, 403, 200]);
  expect(await statuses(`/api/backups/${randomUUID()}/progress`)).toEqual([401, 403, 404]);
  expect(await statuses('/api/backups/1%27%20or%201=1/progress')).toEqual([401, 403, 404]);
});

test('a foreign or malformed id is a 404', async () => {
  const api = await as('admin');
  for (const path of [
    `/admin/backups/${randomUUID()}`,
    `/admin/backups/${randomUUID()}/tables`,
    '/admin/backups/1',
    '/admin/nowhere',
    '/nowhere',
  ]) {
    expect([path, (await api.get(path)).status()]).toEqual([path, 404]);
  }
});

test('“Back up now” posted by somebody without the role makes no backup and is audited', async ({ browser }) => {
  const count = async () =>
    (
      await withDatabase((client) =>
        client.query(`select (select count(*) from paliad.backups)::int as backups,
    (select count(*) from paliad.system_audit_log where action = 'backup.ask.refused')::int as refused`),
      )
    ).rows[0];
  const before = await count();
  // The page of an administrator, sent with a member's session: what the form looks like is no secret.
  const context = await browser.newContext({ storageState: sessionFile('admin') });
  const page = await context.newPage();
  await page.goto('/admin/backups');
  await expect(page.getByRole('button', { name: 'Back up now' })).toBeEnabled();
  const { cookies } = JSON.parse(readFileSync(sessionFile('member'), 'utf8'));
  await context.clearCookies();
  await context.addCookies(cookies);
  await page.getByRole('button', { name: 'Back up now' }).click();
  await expect(page.getByText(/Your account lacks the role global_admin\./).first()).toBeVisible();
  expect(await count()).toEqual({ backups: before.backups, refused: before.refused + 1 });
  await context.close();
});

test('every page has the security headers, and a nonce of its own', async () => {
  const api = await as('admin');
  const nonces = new Set<string | undefined>();
  for (const path of ['/login', '/admin/backups', `/admin/backups/${id}`, '/nowhere']) {
    const headers = (await api.get(path, { maxRedirects: 0 })).headers();
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['referrer-policy']).toBe('same-origin');
    expect(headers['permissions-policy']).toContain('camera=()');
    expect(headers['x-powered-by']).toBeUndefined();
    nonces.add(/'nonce-([^']+)'/.exec(headers['content-security-policy'] ?? '')?.[1]);
  }
  expect(nonces.size).toBe(4);
});

test('no secret, and no code of the server, is in what the browser gets', () => {
  const folder = join(ROOT, '.next/static');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => /\.(js|css|map|txt|json)$/.test(file));
  expect(files.length).toBeGreaterThan(5);
  const { publishableKey: _public, ...secrets } = readSecrets();
  const forbidden = [...Object.values(secrets), 'sb_secret_', 'service_role', 'SUPABASE_SECRET_KEY', 'DATABASE_URL', 'postgres://'];
  for (const file of files) {
    const text = readFileSync(join(folder, file), 'utf8');
    expect([file, forbidden.filter((secret) => text.includes(secret))]).toEqual([file, []]);
  }
});
