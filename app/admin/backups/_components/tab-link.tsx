'use client';

import type { Route } from 'next';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import { classes } from '../../../_lib/classes.ts';

/** A tab of a backup's pages: a link that knows whether it is open. */
export function TabLink<Path extends string>({ href, children }: { href: Route<Path>; children: string }) {
  const isCurrent = usePathname() === href;
  return (
    <Link
      href={href}
      aria-current={isCurrent ? 'page' : undefined}
      className={classes(
        '-mb-px flex h-10 items-center border-b-2 border-transparent text-soft transition-colors hover:text-ink',
        isCurrent && 'border-ink font-medium text-ink',
      )}
    >
      {children}
    </Link>
  );
}
