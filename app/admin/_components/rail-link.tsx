'use client';

import { cva } from 'class-variance-authority';
import type { Route } from 'next';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import type { ReactNode } from 'react';

/** One place of the rail; also the look of the account button beside it. */
export const railItem = cva(
  'flex items-center transition-colors hover:text-ink max-md:h-14 max-md:flex-1 max-md:flex-col max-md:justify-center max-md:gap-1 max-md:text-xs md:h-9 md:w-full md:gap-2.5 md:rounded-lg md:hover:bg-hover md:max-lg:justify-center lg:px-2.5 [&_svg]:size-5 [&_svg]:shrink-0 md:[&_svg]:size-4',
  { variants: { isCurrent: { true: 'font-medium text-ink md:bg-hover', false: 'text-soft' } }, defaultVariants: { isCurrent: false } },
);

/** A link of the rail that knows whether its page is open. */
export function RailLink({ href, label, children }: { href: Route; label: string; children: ReactNode }) {
  const isCurrent = usePathname().startsWith(href);
  return (
    <Link href={href} aria-current={isCurrent ? 'page' : undefined} title={label} className={railItem({ isCurrent })}>
      {children}
      <span className="md:max-lg:sr-only">{label}</span>
    </Link>
  );
}
