import { ChevronLeft, ChevronRight } from 'lucide-react';
import Link from 'next/link';
import { buttonLook } from '../../../_components/button.tsx';
import { classes } from '../../../_lib/classes.ts';
import { formatCount } from '../../../_lib/format.ts';
import { type CatalogSearch, searchHref } from '../_lib/search.ts';

/** Which part of the list is shown, and the ways to the parts before and after. */
export function Pages({ search, total, pageSize, locale }: { search: CatalogSearch; total: number; pageSize: number; locale: string }) {
  const last = Math.max(1, Math.ceil(total / pageSize));
  const from = (search.page - 1) * pageSize + 1;
  const to = Math.min(total, search.page * pageSize);
  return (
    <nav aria-label="Pages of the list" className="flex items-center justify-between gap-3 text-sm text-soft">
      <p>
        {total <= pageSize
          ? `${formatCount(total, locale)} ${total === 1 ? 'backup' : 'backups'}`
          : `${formatCount(from, locale)}–${formatCount(to, locale)} of ${formatCount(total, locale)} backups`}
      </p>
      {last === 1 ? null : (
        <div className="flex gap-2">
          <Step search={{ ...search, page: search.page - 1 }} isPossible={search.page > 1} label="Previous page">
            <ChevronLeft aria-hidden="true" />
          </Step>
          <Step search={{ ...search, page: search.page + 1 }} isPossible={search.page < last} label="Next page">
            <ChevronRight aria-hidden="true" />
          </Step>
        </div>
      )}
    </nav>
  );
}

function Step({
  search,
  isPossible,
  label,
  children,
}: {
  search: CatalogSearch;
  isPossible: boolean;
  label: string;
  children: React.ReactNode;
}) {
  const look = classes(buttonLook({ size: 'icon' }), 'max-md:size-11');
  if (!isPossible) return <span className={classes(look, 'opacity-40')}>{children}</span>;
  return (
    <Link href={searchHref(search)} prefetch={false} aria-label={label} title={label} className={look}>
      {children}
    </Link>
  );
}
