'use client';

import { CircleCheck, TriangleAlert } from 'lucide-react';
import Link from 'next/link';
import { Moment } from '../../../_components/moment.tsx';
import { useReader } from '../../../_components/reader.tsx';
import { formatBytes, formatChange, formatCount, formatDuration } from '../../../_lib/format.ts';
import type { CatalogRow } from '../_lib/catalog-row.ts';
import { StateBadge, stateWord } from './state-badge.tsx';

const CELL = 'h-10 px-3 whitespace-nowrap max-md:h-14';

/** A backup in the catalog; all of the row is a link to its page. Drawn from data, which is a third of the drawing's size. */
export function CatalogRowView({ row }: { row: CatalogRow }) {
  const { locale } = useReader();
  return (
    <tr className="relative border-b transition-colors last:border-b-0 hover:bg-hover">
      <td className={CELL}>
        <Link
          href={`/admin/backups/${row.id}`}
          prefetch={false}
          className="inline-flex rounded-sm align-middle outline-offset-4 after:absolute after:inset-0"
          aria-label={`${stateWord(row.state)}: open this backup`}
        >
          <StateBadge state={row.state} />
        </Link>
        <span className="block text-xs text-soft md:hidden">{row.kind}</span>
      </td>
      <td className={`${CELL} text-soft max-md:hidden`}>{row.kind}</td>
      <td className={`${CELL} max-w-48 truncate text-soft max-lg:hidden`} title={row.who}>
        {row.who}
      </td>
      <td className={CELL}>
        <Moment at={row.startedAt} />
      </td>
      <td className={`${CELL} text-right max-md:hidden`}>{row.durationMs === null ? <None /> : formatDuration(row.durationMs, locale)}</td>
      <td className={`${CELL} text-right max-lg:hidden`}>{row.rows === null ? <None /> : formatCount(row.rows, locale)}</td>
      <td className={`${CELL} text-right`}>
        <Size row={row} locale={locale} />
      </td>
      <td className={`${CELL} max-lg:hidden`}>
        <Checked row={row} />
      </td>
      <td className={`${CELL} text-soft max-xl:hidden`}>{row.place ?? <None />}</td>
      <td className={`${CELL} max-xl:hidden`}>
        <Warnings warnings={row.warnings} />
      </td>
    </tr>
  );
}

function None() {
  return (
    <span className="text-faint">
      <span aria-hidden="true">–</span>
      <span className="sr-only">none</span>
    </span>
  );
}

function Size({ row, locale }: { row: CatalogRow; locale: string }) {
  if (row.sizeBytes === null) return <None />;
  const change = formatChange(row.sizeBytes, row.sizeBeforeBytes, locale);
  return (
    <>
      {change === null ? null : (
        <span className="mr-2 text-xs text-soft max-md:hidden" title="Compared with the backup before">
          {change}
        </span>
      )}
      {formatBytes(row.sizeBytes, locale)}
    </>
  );
}

function Checked({ row }: { row: CatalogRow }) {
  if (row.state !== 'done') return <None />;
  if (row.verifiedAt === null) return <span className="text-soft">Not checked</span>;
  return (
    <span className="inline-flex items-center gap-1.5 align-middle">
      <CircleCheck aria-hidden="true" className="size-4 text-good" />
      <Moment at={row.verifiedAt} />
    </span>
  );
}

function Warnings({ warnings }: { warnings: readonly string[] }) {
  if (warnings.length === 0) return <None />;
  return (
    <span className="inline-flex items-center gap-1.5 align-middle text-warn" title={warnings.join('\n')}>
      <TriangleAlert aria-hidden="true" className="size-4" />
      {warnings.length}
    </span>
  );
}
