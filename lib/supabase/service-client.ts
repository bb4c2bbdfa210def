import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { env } from '#lib/env.ts';
import type { Database } from './database.types.ts';

/** A client with the server's own key: it passes by row-level security. Only the runner may import it. */
export function serviceClient(): SupabaseClient<Database> {
  const { supabaseUrl, supabaseSecretKey } = env();
  return createClient<Database>(supabaseUrl, supabaseSecretKey, { auth: { persistSession: false, autoRefreshToken: false } });
}
