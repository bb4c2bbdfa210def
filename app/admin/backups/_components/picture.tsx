'use client';

import { useRouter } from 'next/navigation';
import { type KeyboardEvent, type MouseEvent, useRef, useState } from 'react';
import { useReader, useZone } from '../../../_components/reader.tsx';
import { formatBytes, formatDuration, formatMoment } from '../../../_lib/format.ts';
import type { RunPoint } from '../_lib/facts.ts';
import { stateWord } from './state-badge.tsx';

const SLOTS = 60;
const HEIGHT = 48;

type Measure = {
  readonly label: string;
  readonly valueOf: (run: RunPoint) => number | null;
  readonly say: (value: number, locale: string) => string;
};

const SIZE: Measure = { label: 'Size', valueOf: (run) => run.sizeBytes, say: formatBytes };
const DURATION: Measure = { label: 'Duration', valueOf: (run) => run.durationMs, say: formatDuration };

/** Size, duration and failures of the latest runs, oldest first. A bar is a link to its run; arrow keys move between them. */
export function Picture({ runs }: { runs: readonly RunPoint[] }) {
  return (
    <section aria-label="The latest runs" className="grid gap-px overflow-hidden rounded-lg border bg-line sm:grid-cols-2">
      <Bars runs={runs} measure={SIZE} />
      <Bars runs={runs} measure={DURATION} />
    </section>
  );
}

function Bars({ runs, measure }: { runs: readonly RunPoint[]; measure: Measure }) {
  const { locale } = useReader();
  const zone = useZone();
  const newest = runs.length - 1;
  const [shown, setShown] = useState<number | null>(null);
  const [reachable, setReachable] = useState(newest);
  const group = useRef<SVGSVGElement>(null);
  const router = useRouter();
  const largest = Math.max(1, ...runs.map((run) => measure.valueOf(run) ?? 0));

  function move(event: KeyboardEvent, from: number) {
    const steps: Record<string, number> = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: newest };
    const to = steps[event.key];
    if (to === undefined || to < 0 || to > newest) return;
    event.preventDefault();
    setReachable(to);
    group.current?.querySelectorAll('a')[to]?.focus();
  }

  // A plain link, a hundred of which cost the server little; a plain click on it stays within the page.
  function open(event: MouseEvent, run: RunPoint) {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button !== 0) return;
    event.preventDefault();
    router.push(`/admin/backups/${run.id}`);
  }

  const readout = runs[shown ?? newest];
  return (
    <div className="min-w-0 bg-canvas px-4 pt-3 pb-3.5">
      <div className="mb-2.5 flex items-baseline justify-between gap-3 text-sm">
        <h2 className="font-medium">{measure.label}</h2>
        <p className="truncate text-soft" aria-hidden="true" suppressHydrationWarning>
          {readout === undefined ? '' : `${formatMoment(readout.startedAt, locale, zone)} · ${valueWords(readout, measure, locale)}`}
        </p>
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a drawing is no fieldset. */}
      <svg
        ref={group}
        width="100%"
        height={HEIGHT + 1}
        role="group"
        aria-label={`${measure.label} of the latest ${runs.length} runs`}
        onMouseLeave={() => setShown(null)}
      >
        <line x1="0" x2="100%" y1={HEIGHT + 0.5} y2={HEIGHT + 0.5} className="stroke-line" />
        {runs.map((run, index) => (
          <a
            key={run.id}
            href={`/admin/backups/${run.id}`}
            tabIndex={index === Math.min(reachable, newest) ? 0 : -1}
            aria-label={`${formatMoment(run.startedAt, locale, zone)}: ${stateWord(run.state)}, ${valueWords(run, measure, locale)}`}
            suppressHydrationWarning
            onFocus={() => setShown(index)}
            onBlur={() => setShown(null)}
            onMouseEnter={() => setShown(index)}
            onClick={(event) => open(event, run)}
            onKeyDown={(event) => move(event, index)}
            className="group outline-none"
          >
            <Bar run={run} slot={SLOTS - runs.length + index} share={(measure.valueOf(run) ?? 0) / largest} />
          </a>
        ))}
      </svg>
    </div>
  );
}

/** One run: a grey bar of its measure; red and full height when it failed; hollow while it is open. */
function Bar({ run, slot, share }: { run: RunPoint; slot: number; share: number }) {
  const isFailed = run.state === 'failed';
  const height = isFailed ? HEIGHT : Math.max(3, share * HEIGHT);
  const look = isFailed ? 'fill-bad' : run.state === 'done' ? 'fill-bar' : 'fill-line';
  const x = `${(slot / SLOTS) * 100}%`;
  const width = `${100 / SLOTS}%`;
  return (
    <>
      <rect
        x={x}
        width={width}
        y={0}
        height={HEIGHT}
        className="fill-transparent group-hover:fill-hover group-focus-visible:fill-hover group-focus-visible:stroke-link"
      />
      <rect
        x={`${(slot / SLOTS) * 100 + 0.28}%`}
        width={`${100 / SLOTS - 0.56}%`}
        y={HEIGHT - height}
        height={height}
        rx={1}
        className={`${look} group-hover:fill-ink group-focus-visible:fill-ink`}
      />
    </>
  );
}

function valueWords(run: RunPoint, measure: Measure, locale: string): string {
  const value = measure.valueOf(run);
  if (run.state === 'failed') return value === null || measure.label === 'Size' ? 'failed' : `failed, ${measure.say(value, locale)}`;
  return value === null ? stateWord(run.state).toLowerCase() : measure.say(value, locale);
}
