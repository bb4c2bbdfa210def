import type { ReactNode } from 'react';
import { attempt } from '#lib/action.ts';
import { requireAdminPage } from '#lib/auth.ts';
import { FailurePanel } from '../_components/failure-panel.tsx';
import { PlainPage } from '../_components/plain-page.tsx';
import { Rail } from './_components/rail.tsx';

/** The frame of the console. Only administrators get past it; each page below checks again, for its own data. */
export default async function AdminLayout({ children }: { children: ReactNode }) {
  const admin = await attempt(() => requireAdminPage('/admin/backups'));
  if (admin.failure !== null) {
    return (
      <PlainPage>
        <FailurePanel failure={admin.failure} />
      </PlainPage>
    );
  }
  return (
    <div className="md:pl-14 lg:pl-56">
      <a
        href="#content"
        className="sr-only z-50 rounded-lg border bg-raised px-3 py-2 focus:not-sr-only focus:fixed focus:top-3 focus:left-3"
      >
        Skip to content
      </a>
      <Rail email={admin.data.email} />
      <main id="content" tabIndex={-1} className="mx-auto w-full max-w-300 px-4 pt-6 pb-28 outline-none sm:px-6 md:pt-8 md:pb-16 lg:px-10">
        {children}
      </main>
    </div>
  );
}
