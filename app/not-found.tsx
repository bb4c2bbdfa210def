import type { Metadata } from 'next';
import Link from 'next/link';
import { buttonLook } from './_components/button.tsx';
import { PlainPage } from './_components/plain-page.tsx';

export const metadata: Metadata = { title: 'Not found' };

/** For addresses that lead nowhere. */
export default function NotFoundPage() {
  return (
    <PlainPage>
      <h1 className="text-xl font-semibold tracking-tight">There is no such page.</h1>
      <p className="mt-2 text-soft">The address may have been mistyped, or the link is old.</p>
      <div className="mt-6">
        <Link href="/admin/backups" className={buttonLook()}>
          Go to the backups
        </Link>
      </div>
    </PlainPage>
  );
}
