import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { SONNER_STYLE_HASH, securityHeaders } from './security-headers.ts';

it('allows exactly the stylesheet that this version of sonner adds', () => {
  const source = readFileSync(createRequire(import.meta.url).resolve('sonner'), 'utf8');
  const literal = /__insertCSS\(("(?:[^"\\]|\\.)*")\)/.exec(source)?.[1] ?? '""';
  const style: string = JSON.parse(literal);
  expect(style.length).toBeGreaterThan(1_000);
  expect(SONNER_STYLE_HASH).toBe(`sha256-${createHash('sha256').update(style).digest('base64')}`);
});

it('runs no script without this request’s nonce, and lets nothing frame a page', () => {
  const policy = securityHeaders('abc', false).get('content-security-policy') ?? '';
  const scripts = policy.split('; ').find((part) => part.startsWith('script-src'));
  expect(scripts).toBe("script-src 'self' 'nonce-abc' 'strict-dynamic'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).toContain("object-src 'none'");
  expect(policy).not.toContain('unsafe-eval');
});
