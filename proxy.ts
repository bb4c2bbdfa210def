import { randomBytes } from 'node:crypto';
import { createServerClient } from '@supabase/ssr';
import { type NextRequest, NextResponse } from 'next/server';
import { env } from '#lib/env.ts';
import { isOutage, sessionCookieOptions } from '#lib/supabase/session.ts';
import { securityHeaders } from './app/_lib/security-headers.ts';

/**
 * Runs before every page: renews the session's cookies, sends people who are not signed in to the sign-in, and sets the
 * security headers with a fresh nonce. It decides nothing else: each page, action and route checks its caller again.
 */
export async function proxy(request: NextRequest): Promise<NextResponse> {
  const nonce = randomBytes(16).toString('base64');
  const security = securityHeaders(nonce, process.env.NODE_ENV === 'development');
  const { isSignedOut, cookies } = await renewSession(request);

  const forwarded = new Headers(request.headers);
  forwarded.set('x-nonce', nonce);
  forwarded.set('content-security-policy', security.get('content-security-policy') ?? '');
  const response =
    isSignedOut && request.nextUrl.pathname.startsWith('/admin') && request.method === 'GET'
      ? NextResponse.redirect(signInUrl(request))
      : NextResponse.next({ request: { headers: forwarded } });

  for (const { name, value, options } of cookies.set) response.cookies.set(name, value, options);
  for (const [name, value] of cookies.headers) response.headers.set(name, value);
  for (const [name, value] of security) response.headers.set(name, value);
  return response;
}

type CookieOptions = Parameters<NextResponse['cookies']['set']>[2];
type Renewed = { readonly set: { name: string; value: string; options: CookieOptions }[]; readonly headers: Map<string, string> };

/** Refreshes the session when it is about to expire. The new cookies go onto the request too, so that the page sees the new token. */
async function renewSession(request: NextRequest): Promise<{ isSignedOut: boolean; cookies: Renewed }> {
  const cookies: Renewed = { set: [], headers: new Map() };
  const { supabaseUrl, supabasePublishableKey } = env();
  const client = createServerClient(supabaseUrl, supabasePublishableKey, {
    cookieOptions: sessionCookieOptions(request.headers.get('x-forwarded-proto') === 'https'),
    cookies: {
      getAll: () => request.cookies.getAll(),
      setAll: (list, headers) => {
        for (const { name, value, options } of list) {
          request.cookies.set(name, value);
          cookies.set.push({ name, value, options });
        }
        for (const [name, value] of Object.entries(headers ?? {})) cookies.headers.set(name, String(value));
      },
    },
  });
  const { data, error } = await client.auth.getClaims();
  // When the sign-in service does not answer, nobody is signed out: the page says what is the matter.
  return { isSignedOut: !data?.claims && !(error !== null && isOutage(error)), cookies };
}

function signInUrl(request: NextRequest): URL {
  const url = request.nextUrl.clone();
  url.pathname = '/login';
  url.search = new URLSearchParams({ next: request.nextUrl.pathname + request.nextUrl.search }).toString();
  return url;
}

export const config = { matcher: ['/((?!_next/static|_next/image|[a-z-]+\\.svg$).*)'] };
