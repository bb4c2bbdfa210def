'use client';

import { CircleUserRound } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { railItem } from './rail-link.tsx';

const load = () => import('./account-menu.tsx');
// The menu comes over the wire when somebody reaches for it: it is not part of the first load.
const AccountMenu = lazy(async () => ({ default: (await load()).AccountMenu }));

/** Who is signed in. Becomes the menu of the account at the first click. */
export function AccountButton({ email }: { email: string }) {
  const [isWanted, setIsWanted] = useState(false);
  const button = (
    <button
      type="button"
      aria-haspopup="menu"
      aria-label={`Account of ${email}`}
      onPointerEnter={() => void load()}
      onFocus={() => void load()}
      onClick={() => setIsWanted(true)}
      className={railItem()}
    >
      <AccountLabel email={email} />
    </button>
  );
  if (!isWanted) return button;
  return (
    <Suspense fallback={button}>
      <AccountMenu email={email} />
    </Suspense>
  );
}

/** What stands on the button: the address, or one word where there is no room for it. */
export function AccountLabel({ email }: { email: string }) {
  return (
    <>
      <CircleUserRound aria-hidden="true" />
      <span className="truncate md:max-lg:sr-only">
        <span className="md:hidden">Account</span>
        <span className="max-md:hidden">{email}</span>
      </span>
    </>
  );
}
