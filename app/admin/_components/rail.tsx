import { Archive } from 'lucide-react';
import { Mark } from '../../_components/plain-page.tsx';
import { AccountButton } from './account-button.tsx';
import { RailLink } from './rail-link.tsx';

/** Where one can go: a rail on the left, only icons on a tablet, a bar at the bottom on a phone. */
export function Rail({ email }: { email: string }) {
  return (
    <nav
      aria-label="Console"
      className="fixed inset-x-0 bottom-0 z-30 flex border-t bg-rail pb-[env(safe-area-inset-bottom)] md:inset-y-0 md:right-auto md:w-14 md:flex-col md:gap-1 md:border-t-0 md:border-r md:p-3 md:pb-3 lg:w-56"
    >
      <div className="hidden px-2 pt-1 pb-5 lg:block">
        <Mark />
      </div>
      <RailLink href="/admin/backups" label="Backups">
        <Archive aria-hidden="true" />
      </RailLink>
      <div className="flex-1 max-md:hidden" />
      <AccountButton email={email} />
    </nav>
  );
}
