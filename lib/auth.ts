import { isIP } from 'node:net';
import type { SupabaseClient } from '@supabase/supabase-js';
import { headers } from 'next/headers';
import { forbidden, redirect } from 'next/navigation';
import { cache } from 'react';
import * as z from 'zod';
import { BackupError } from '#lib/backup/errors.ts';
import type { Database } from '#lib/supabase/database.types.ts';
import { isOutage } from '#lib/supabase/session.ts';
import { userClient } from '#lib/supabase/user-client.ts';

/** Somebody who is signed in. `role` is null when the account has no row in paliad.users. */
export type CurrentUser = {
  readonly id: string;
  readonly email: string;
  readonly displayName: string | null;
  readonly role: 'member' | 'global_admin' | null;
};

/** An administrator, with the client that reads with this person's own token: what it sees, row-level security decided. */
export type Admin = { readonly id: string; readonly email: string; readonly client: SupabaseClient<Database> };

const UserRow = z.object({ email: z.string(), display_name: z.string().nullable(), global_role: z.enum(['member', 'global_admin']) });

/**
 * Who asks, read once per request: the verified token, then the person's own row. Null when nobody is signed in.
 * Throws AUTH_UNREACHABLE or CATALOG_UNREACHABLE when that cannot be found out: an outage never looks like a sign-out.
 */
export const currentUser = cache(async (): Promise<CurrentUser | null> => {
  const client = await userClient();
  const { data, error } = await client.auth.getClaims();
  if (error !== null && isOutage(error)) throw new BackupError('AUTH_UNREACHABLE', '', { cause: error });
  if (!data?.claims) return null;
  const id = data.claims.sub;
  const row = await client.schema('paliad').from('users').select('email, display_name, global_role').eq('id', id).maybeSingle();
  if (row.error !== null) throw new BackupError('CATALOG_UNREACHABLE', 'paliad.users', { cause: row.error });
  const user = row.data === null ? null : UserRow.parse(row.data);
  return { id, email: user?.email ?? data.claims.email ?? '', displayName: user?.display_name ?? null, role: user?.global_role ?? null };
});

/** The administrator who asks, for actions and routes. Throws NOT_SIGNED_IN or NOT_ADMIN. */
export async function requireAdmin(): Promise<Admin> {
  const user = await currentUser();
  if (user === null) throw new BackupError('NOT_SIGNED_IN');
  if (user.role !== 'global_admin') throw new BackupError('NOT_ADMIN', user.email);
  return { id: user.id, email: user.email, client: await userClient() };
}

/** The administrator who opens a page. Others leave it: to the sign-in and back to `path`, or to the page that names the missing role (403). */
export async function requireAdminPage(path: string): Promise<Admin> {
  const user = await currentUser();
  if (user === null) redirect(`/login?next=${encodeURIComponent(path)}`);
  if (user.role !== 'global_admin') forbidden();
  return { id: user.id, email: user.email, client: await userClient() };
}

/** Signs in with e-mail and password and sets the session cookies. Throws SIGN_IN_FAILED or AUTH_UNREACHABLE. */
export async function signIn(email: string, password: string): Promise<void> {
  const client = await userClient();
  const { error } = await client.auth.signInWithPassword({ email, password });
  if (error === null) return;
  if (isOutage(error)) throw new BackupError('AUTH_UNREACHABLE', '', { cause: error });
  throw new BackupError('SIGN_IN_FAILED', error.code === 'invalid_credentials' ? '' : error.message, { cause: error });
}

/** Ends this browser's session. The cookies go even when the sign-in service cannot be reached. */
export async function signOut(): Promise<void> {
  const client = await userClient();
  await client.auth.signOut({ scope: 'local' });
}

/** Where a request came from, for the audit log: the first address that the proxy in front (or Next itself) noted. */
export async function requestFrom(): Promise<string> {
  return firstAddress((await headers()).get('x-forwarded-for') ?? '');
}

/** The first IP address of an `x-forwarded-for`, at most 64 characters, or `unknown`: whoever sends the header may write anything. */
export function firstAddress(forwarded: string): string {
  const first = forwarded.split(',', 1)[0].trim().slice(0, 64);
  return isIP(first) === 0 ? 'unknown' : first;
}
