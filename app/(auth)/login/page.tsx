import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import * as z from 'zod';
import { attempt } from '#lib/action.ts';
import { currentUser } from '#lib/auth.ts';
import { FailurePanel } from '../../_components/failure-panel.tsx';
import { PlainPage } from '../../_components/plain-page.tsx';
import { safePath } from '../../_lib/safe-path.ts';
import { SignInForm } from './sign-in-form.tsx';

export const metadata: Metadata = { title: 'Sign in' };

const Search = z.object({ next: z.string().optional().catch(undefined) });

/** The sign-in. Whoever is signed in already goes on. */
export default async function LoginPage({ searchParams }: PageProps<'/login'>) {
  const next = safePath(Search.parse(await searchParams).next);
  const user = await attempt(currentUser);
  if (user.data !== null) redirect(next);
  return (
    <PlainPage>
      <h1 className="text-xl font-semibold tracking-tight">Sign in</h1>
      <p className="mt-1 mb-6 text-soft">For administrators of this organisation’s backups.</p>
      {user.failure === null ? null : (
        <div className="mb-6">
          <FailurePanel failure={user.failure} />
        </div>
      )}
      <SignInForm next={next} />
    </PlainPage>
  );
}
