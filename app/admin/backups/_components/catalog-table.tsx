import { ArrowDown, ArrowUp, CircleCheck, TriangleAlert } from 'lucide-react';
import Link from 'next/link';
import type { ReactNode } from 'react';
import type { Backup } from '#lib/backup/backup.ts';
import { Moment } from '../../../_components/moment.tsx';
import { classes } from '../../../_lib/classes.ts';
import { formatBytes, formatChange, formatCount, formatDuration } from '../../../_lib/format.ts';
import { durationMs, placeOf, rowsTotal, sizeBytes } from '../_lib/facts.ts';
import { type CatalogSearch, searchHref } from '../_lib/search.ts';
import { StateBadge, stateWord } from './state-badge.tsx';

const CELL = 'h-10 px-3 whitespace-nowrap max-md:h-14';
/** From which width on a column is there; on a phone the rest stands on the backup's own page. */
const FROM_MD = 'max-md:hidden';
const FROM_LG = 'max-lg:hidden';
const FROM_XL = 'max-xl:hidden';

/** The catalog: one row per backup, each a link to its page. `before` gives the size of the backup made before. */
export function CatalogTable({
  backups,
  before,
  search,
  locale,
}: {
  backups: readonly Backup[];
  before: ReadonlyMap<string, number>;
  search: CatalogSearch;
  locale: string;
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
            <Row key={backup.id} backup={backup} sizeBefore={before.get(backup.id) ?? null} locale={locale} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ backup, sizeBefore, locale }: { backup: Backup; sizeBefore: number | null; locale: string }) {
  const took = durationMs(backup);
  const rows = rowsTotal(backup);
  return (
    <tr className="relative border-b transition-colors last:border-b-0 hover:bg-hover">
      <td className={CELL}>
        <Link
          href={`/admin/backups/${backup.id}`}
          prefetch={false}
          className="inline-flex rounded-sm align-middle outline-offset-4 after:absolute after:inset-0"
          aria-label={`${stateWord(backup.state)}: open this backup`}
        >
          <StateBadge state={backup.state} />
        </Link>
        <span className="block text-xs text-soft md:hidden">{kindWord(backup)}</span>
      </td>
      <td className={classes(CELL, FROM_MD, 'text-soft')}>{kindWord(backup)}</td>
      <td className={classes(CELL, FROM_LG, 'max-w-48 truncate text-soft')} title={backup.requestedByEmail}>
        {whoWord(backup)}
      </td>
      <td className={CELL}>
        <Moment at={backup.startedAt} />
      </td>
      <td className={classes(CELL, FROM_MD, 'text-right')}>{took === null ? <None /> : formatDuration(took, locale)}</td>
      <td className={classes(CELL, FROM_LG, 'text-right')}>{rows === null ? <None /> : formatCount(rows, locale)}</td>
      <td className={classes(CELL, 'text-right')}>
        <Size bytes={sizeBytes(backup)} before={sizeBefore} locale={locale} />
      </td>
      <td className={classes(CELL, FROM_LG)}>
        <Checked backup={backup} />
      </td>
      <td className={classes(CELL, FROM_XL, 'text-soft')}>
        {backup.state === 'done' ? <span title={backup.storageUri}>{placeOf(backup.storageUri)}</span> : <None />}
      </td>
      <td className={classes(CELL, FROM_XL)}>
        {backup.warnings.length === 0 ? (
          <None />
        ) : (
          <span className="inline-flex items-center gap-1.5 align-middle text-warn" title={backup.warnings.join('\n')}>
            <TriangleAlert aria-hidden="true" className="size-4" />
            {backup.warnings.length}
          </span>
        )}
      </td>
    </tr>
  );
}

/** The word for what asked for the backup. */
export function kindWord(backup: Backup): string {
  return backup.kind === 'scheduled' ? 'Scheduled' : 'On demand';
}

/** Who asked; a scheduled backup has no person. */
export function whoWord(backup: Backup): string {
  return backup.kind === 'scheduled' ? 'Backup Mode' : backup.requestedByEmail;
}

function None() {
  return (
    <span className="text-faint">
      <span aria-hidden="true">–</span>
      <span className="sr-only">none</span>
    </span>
  );
}

function Size({ bytes, before, locale }: { bytes: number | null; before: number | null; locale: string }) {
  if (bytes === null) return <None />;
  const change = formatChange(bytes, before, locale);
  return (
    <>
      {change === null ? null : (
        <span className="mr-2 text-xs text-soft max-md:hidden" title="Compared with the backup before">
          {change}
        </span>
      )}
      {formatBytes(bytes, locale)}
    </>
  );
}

function Checked({ backup }: { backup: Backup }) {
  if (backup.state !== 'done') return <None />;
  if (backup.verifiedAt === null) return <span className="text-soft">Not checked</span>;
  return (
    <span className="inline-flex items-center gap-1.5 align-middle">
      <CircleCheck aria-hidden="true" className="size-4 text-good" />
      <Moment at={backup.verifiedAt} />
    </span>
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
