import { createServerClient } from '@supabase/ssr';
import type { SupabaseClient } from '@supabase/supabase-js';
import { cookies, headers } from 'next/headers';
import { env } from '#lib/env.ts';
import type { Database } from './database.types.ts';
import { sessionCookieOptions } from './session.ts';

/**
 * A client that acts as the person whose request this is: what it reads, row-level security decided.
 * Only inside a request of Next; make one per request.
 */
export async function userClient(): Promise<SupabaseClient<Database>> {
  const { supabaseUrl, supabasePublishableKey } = env();
  const jar = await cookies();
  const isHttps = (await headers()).get('x-forwarded-proto') === 'https';
  return createServerClient<Database>(supabaseUrl, supabasePublishableKey, {
    cookieOptions: sessionCookieOptions(isHttps),
    cookies: {
      getAll: () => jar.getAll(),
      setAll: (list) => {
        try {
          for (const { name, value, options } of list) jar.set(name, value, options);
        } catch {
          // A server component may not write cookies; proxy.ts has renewed them already.
        }
      },
    },
  });
}
