import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import pg from 'pg';

/** What Chromium is started with; see playwright.config.ts. */
export const BROWSER_ARGUMENTS = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'];

type Who = 'admin' | 'member';

/** The data folder of the product under test. */
export function dataFolder(): string {
  return process.env.CONSOLE_DATA ?? '';
}

/** Where a person's session is kept, for `test.use({ storageState })`. */
export function sessionFile(who: Who): string {
  return join(dataFolder(), `session-${who}.json`);
}

/** The two accounts that the first start made. */
export function readSignIns(): Record<Who, { email: string; password: string }> {
  const lines = [...readFileSync(join(dataFolder(), 'sign-ins.txt'), 'utf8').matchAll(/^(\S+@\S+) {2}(\S+) {2}(\S+)$/gm)];
  const of = (role: string) => {
    const [, email = '', password = ''] = lines.find((line) => line[3] === role) ?? [];
    return { email, password };
  };
  return { admin: of('global_admin'), member: of('member') };
}

/** The secrets of the product under test, by name. */
export function readSecrets(): Record<string, string> {
  return JSON.parse(readFileSync(join(dataFolder(), 'secrets.json'), 'utf8'));
}

/** Lends a connection to the database of the product under test, as its owner. */
export async function withDatabase<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const port = readFileSync(join(dataFolder(), 'pg/postmaster.pid'), 'utf8').split('\n')[3];
  const client = new pg.Client({
    host: '127.0.0.1',
    port: Number(port),
    user: 'postgres',
    password: readSecrets().postgresPassword,
    database: 'postgres',
  });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Empties the catalog: each file begins with its own rows. */
export async function clearCatalog(): Promise<void> {
  await withDatabase((client) => client.query('delete from paliad.backups'));
}

/**
 * Fills the catalog with `days` daily backups up to an hour ago, as the product writes them: some failed, some cleaned up,
 * some with warnings, one not checked. Their files do not exist.
 */
export async function fillCatalog(days: number): Promise<void> {
  await withDatabase((client) =>
    client.query(
      `insert into paliad.backups (kind, status, requested_by_email, storage_uri, size_bytes, row_counts, sheet_count, warnings, error,
         started_at, due_at, finished_at, deleted_at, expire_reason, sha256, verified_at, attempt)
       select case when n % 9 = 0 then 'on_demand' else 'scheduled' end,
         case when n % 23 = 7 then 'failed' else 'done' end,
         case when n % 9 = 0 then 'admin@kanzlei.example' else 'system@paliad' end,
         case when n % 23 = 7 then null else 'file:///srv/backups/' || n || '.xlsx' end,
         case when n % 23 = 7 then null else 2400000 + (100000 - n) * 20 + (n % 5) * 9000 end,
         case when n % 23 = 7 then '{}'::jsonb else jsonb_build_object('public.matters', 1200, 'public.time_entries', 15000 - n % 900) end,
         case when n % 23 = 7 then null else 9 end,
         case when n % 13 = 0 then '["The table public.documents was shortened in its sheet."]'::jsonb else '[]'::jsonb end,
         case when n % 23 = 7 then 'SOURCE_UNREACHABLE: db.example.org:5432 refused the connection' end,
         at, at, at + interval '4 s' * (1 + n % 4), case when n > 50 and n % 23 <> 7 then at + interval '30 days' end,
         case when n > 50 and n % 23 <> 7 then 'older than 7 daily, 4 weekly and 12 monthly backups' end,
         case when n % 23 = 7 then null else repeat('5f', 32) end,
         case when n % 23 = 7 or n = 12 then null else at + interval '20 s' end, 1
       from (select n, now() - interval '1 h' - n * interval '1 day' as at from generate_series(0, $1::int - 1) n) days`,
      [days],
    ),
  );
}

/** Fails with the rules that the page breaks, of WCAG 2.2 A and AA. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    // A menu or a dialog stands at the end of the page, outside of its landmarks.
    .disableRules(['region'])
    .analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)).toEqual([]);
}

/** Fails when the page is wider than the window. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBeLessThanOrEqual(0);
}

/** Fails when the page wrote an error to the browser's console, such as a refusal by the content policy. Call before going there. */
export function watchConsole(page: Page): { readonly errors: string[] } {
  const errors: string[] = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(error.message));
  return { errors };
}
