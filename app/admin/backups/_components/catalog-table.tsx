import { ArrowDown, ArrowUp } from 'lucide-react';
import Link from 'next/link';
import type { ReactNode } from 'react';
import type { Backup } from '#lib/backup/backup.ts';
import { classes } from '../../../_lib/classes.ts';
import { catalogRow } from '../_lib/catalog-row.ts';
import { type CatalogSearch, searchHref } from '../_lib/search.ts';
import { CatalogRowView } from './catalog-row-view.tsx';

/** From which width on a column is there; on a phone the rest stands on the backup's own page. As in catalog-row-view.tsx. */
const FROM_MD = 'max-md:hidden';
const FROM_LG = 'max-lg:hidden';
const FROM_XL = 'max-xl:hidden';

/** The catalog: one row per backup, each a link to its page. `before` gives the size of the backup made before. */
export function CatalogTable({
  backups,
  before,
  search,
}: {
  backups: readonly Backup[];
  before: ReadonlyMap<string, number>;
  search: CatalogSearch;
}) {
  return (
    <div className="overflow-x-auto rounded-lg border">
      <table className="w-full border-collapse text-left">
        <thead className="border-b bg-rail text-sm text-soft">
          <tr>
            <Head>State</Head>
            <SortHead by="kind" search={search} className={FROM_MD}>
              Kind
            </SortHead>
            <SortHead by="who" search={search} className={FROM_LG}>
              Who
            </SortHead>
            <SortHead by="started" search={search}>
              Started
            </SortHead>
            <Head className={classes(FROM_MD, 'text-right')}>Duration</Head>
            <Head className={classes(FROM_LG, 'text-right')}>Rows</Head>
            <SortHead by="size" search={search} isNumber>
              Size
            </SortHead>
            <Head className={FROM_LG}>Checked</Head>
            <Head className={FROM_XL}>Where</Head>
            <Head className={FROM_XL}>Warnings</Head>
          </tr>
        </thead>
        <tbody>
          {backups.map((backup) => (
            <CatalogRowView key={backup.id} row={catalogRow(backup, before.get(backup.id) ?? null)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Head({ children, className }: { children: ReactNode; className?: string }) {
  return (
    <th scope="col" className={classes('h-9 px-3 font-medium whitespace-nowrap', className)}>
      {children}
    </th>
  );
}

type SortHeadProps = { by: CatalogSearch['sort']; search: CatalogSearch; isNumber?: boolean; className?: string; children: ReactNode };

function SortHead({ by, search, isNumber = false, className, children }: SortHeadProps) {
  const isSorted = search.sort === by;
  const order = isSorted && search.order === 'desc' ? 'asc' : 'desc';
  const Arrow = search.order === 'desc' ? ArrowDown : ArrowUp;
  return (
    <th
      scope="col"
      aria-sort={isSorted ? (search.order === 'desc' ? 'descending' : 'ascending') : undefined}
      className={classes('h-9 px-3 font-medium whitespace-nowrap', isNumber && 'text-right', className)}
    >
      <Link
        href={searchHref({ ...search, sort: by, order, page: 1 })}
        prefetch={false}
        scroll={false}
        className={classes(
          'inline-flex min-h-6 items-center gap-1 rounded-sm align-middle hover:text-ink',
          isSorted && 'text-ink',
          isNumber && 'flex-row-reverse',
        )}
      >
        {children}
        <Arrow aria-hidden="true" className={classes('size-3.5', !isSorted && 'invisible')} />
      </Link>
    </th>
  );
}
