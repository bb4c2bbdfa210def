import { ShieldX } from 'lucide-react';
import type { Metadata } from 'next';
import { currentUser } from '#lib/auth.ts';
import { PlainPage } from './_components/plain-page.tsx';
import { SignOutButton } from './(auth)/sign-out-button.tsx';

export const metadata: Metadata = { title: 'Not allowed' };

/** For people who are signed in without being administrators: says which role is missing, and who can give it. */
export default async function ForbiddenPage() {
  const user = await currentUser();
  return (
    <PlainPage>
      <ShieldX aria-hidden="true" className="mb-4 size-6 text-warn" />
      <h1 className="text-xl font-semibold tracking-tight">Your account lacks the role global_admin.</h1>
      <p className="mt-2 text-soft">
        Backups hold all data of the organisation, so only administrators can see them. Ask an administrator to give the role{' '}
        <code className="font-mono text-sm text-ink">global_admin</code> to your account, then load this page again.
      </p>
      <dl className="mt-6 grid grid-cols-[auto_1fr] gap-x-4 gap-y-2 rounded-lg border p-4 text-sm">
        <dt className="text-soft">Signed in as</dt>
        <dd className="min-w-0 text-right font-medium break-words">{user?.email ?? 'nobody'}</dd>
        <dt className="text-soft">Your role</dt>
        <dd className="text-right font-mono">{user?.role ?? 'none'}</dd>
        <dt className="text-soft">Missing role</dt>
        <dd className="text-right font-mono">global_admin</dd>
      </dl>
      <div className="mt-6">
        <SignOutButton />
      </div>
    </PlainPage>
  );
}
