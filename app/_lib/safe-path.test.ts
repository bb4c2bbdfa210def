import { describe, expect, it } from 'vitest';
import { safePath } from './safe-path.ts';

describe('where a sign-in leads', () => {
  it.each([
    ['/admin/backups?state=failed', '/admin/backups?state=failed'],
    ['/admin/backups/0193aaaa-0000-4000-8000-000000000001', '/admin/backups/0193aaaa-0000-4000-8000-000000000001'],
    ['/admin/../admin/backups', '/admin/backups'],
  ])('back to %s, a page of the console', (path, expected) => {
    expect(safePath(path)).toBe(expected);
  });

  it.each([
    undefined,
    '',
    'https://evil.example/admin/',
    '//evil.example/admin/',
    '/\\evil.example/admin/',
    '/\t/evil.example/admin/',
    '/admin/..//evil.example',
    'javascript:alert(1)',
    '/login',
    '/api/runs',
  ])('never to %j', (path) => {
    expect(safePath(path)).toBe('/admin/backups');
  });
});
