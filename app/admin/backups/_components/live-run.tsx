'use client';

import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { useEffect, useRef } from 'react';
import { toast } from 'sonner';
import { useReader, useZone } from '../../../_components/reader.tsx';
import { classes } from '../../../_lib/classes.ts';
import { formatBytes, formatClock, formatCount, formatDuration } from '../../../_lib/format.ts';
import { isOpenState, type LiveView, PHASE_WORDS, paceOf } from '../_lib/live.ts';
import { StateBadge } from './state-badge.tsx';
import { TabStatus } from './tab-status.tsx';
import { useLive } from './use-live.ts';

/** An open backup as it happens: what it does, how far it is, when it will be done. Redraws the page when it has ended. */
export function LiveRun({ id, initial, isLinked = false }: { id: string; initial: LiveView; isLinked?: boolean }) {
  const { view, isLost } = useLive(id, initial);
  useEnding(id, view);
  const pace = view.progress === null ? null : paceOf(view.progress, view.nowMs);
  const percent = pace?.percent ?? 0;
  return (
    <section aria-label="Open backup" className="rounded-lg border bg-raised p-4">
      {isOpenState(view.state) ? <TabStatus status="running" percent={view.state === 'running' ? percent : null} /> : null}
      <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
        <p className="flex min-w-0 flex-wrap items-baseline gap-x-2.5" aria-live="polite">
          <StateBadge state={view.state} className="self-center" />
          <span className="text-soft">
            <Doing view={view} isLost={isLost} />
          </span>
        </p>
        {isLinked ? (
          <Link href={`/admin/backups/${id}`} className="text-sm text-link underline-offset-4 hover:underline">
            Details
          </Link>
        ) : null}
      </div>
      <Track percent={percent} isIdle={view.progress === null} />
      <Facts view={view} />
    </section>
  );
}

/** Toast and a fresh page when the backup has ended. */
function useEnding(id: string, view: LiveView) {
  const router = useRouter();
  const wasOpen = useRef(isOpenState(view.state));
  useEffect(() => {
    if (!wasOpen.current || isOpenState(view.state)) return;
    wasOpen.current = false;
    if (view.state === 'done') toast.success('The backup is done.', { id });
    else toast.error('The backup failed.', { id, description: view.reason ?? undefined });
    router.refresh();
  }, [id, view, router]);
}

/** What is going on, in a sentence. */
function Doing({ view, isLost }: { view: LiveView; isLost: boolean }) {
  const { locale } = useReader();
  const zone = useZone();
  const clock = (iso: string | null) => (iso === null ? '' : formatClock(new Date(iso), locale, zone));
  if (isLost) return 'The server does not answer; this page keeps asking.';
  if (view.state === 'waiting') return 'It starts as soon as a runner is free.';
  if (view.state === 'retrying') {
    return <span suppressHydrationWarning>{`at ${clock(view.nextTryAt)}. ${view.reason ?? ''}`}</span>;
  }
  if (view.state === 'stalled') {
    return (
      <span suppressHydrationWarning>{`Its runner has not been heard of since ${clock(view.leaseUntil)}; another one takes over.`}</span>
    );
  }
  if (view.state === 'running') return view.progress === null ? 'Starting' : PHASE_WORDS[view.progress.phase];
  return '';
}

function Track({ percent, isIdle }: { percent: number; isIdle: boolean }) {
  return (
    <div
      role="progressbar"
      aria-label="How far the backup is"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={isIdle ? undefined : Math.floor(percent)}
      className="mt-3 h-1.5 overflow-hidden rounded-full bg-line"
    >
      <svg width="100%" height="100%" aria-hidden="true">
        <rect width={`${percent}%`} height="100%" rx={3} className="fill-ink transition-[width]" />
      </svg>
    </div>
  );
}

/** The counts. Their places are always there, so that nothing moves when a number comes or goes; only a phone has no room for empty ones. */
function Facts({ view }: { view: LiveView }) {
  const { locale } = useReader();
  const { progress } = view;
  const { bytesPerSecond: rate, leftMs } =
    progress === null || view.state !== 'running' ? { bytesPerSecond: null, leftMs: null } : paceOf(progress, view.nowMs);
  const facts: readonly (readonly [string, string])[] = [
    ['Tables', progress === null ? '–' : `${formatCount(progress.tablesDone, locale)} of ${formatCount(progress.tablesTotal, locale)}`],
    [
      'Rows',
      progress === null
        ? '–'
        : `${formatCount(progress.rows, locale)} of ${formatCount(Math.max(progress.rows, progress.rowsExpected), locale)}`,
    ],
    ['Copied', progress === null ? '–' : formatBytes(progress.sizeBytes, locale)],
    ['Rate', rate === null ? '–' : `${formatBytes(rate, locale)}/s`],
    ['Time left', leftMs === null ? '–' : formatDuration(Math.ceil(leftMs / 1000) * 1000, locale)],
  ];
  return (
    <dl
      className={classes(
        'mt-4 grid grid-cols-2 gap-x-4 gap-y-3 sm:grid-cols-3 lg:grid-cols-[2fr_1fr_1.5fr_1fr_1fr_1fr]',
        progress === null && 'max-sm:hidden',
      )}
    >
      <div className="min-w-0 max-lg:col-span-full">
        <dt className="text-sm text-soft">Table at work</dt>
        <dd className="truncate font-mono text-sm leading-5">{progress?.table ?? '–'}</dd>
      </div>
      {facts.map(([label, value]) => (
        <div key={label} className="min-w-0">
          <dt className="text-sm text-soft">{label}</dt>
          <dd className="truncate font-medium">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
