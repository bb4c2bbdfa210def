'use client';

import { createContext, lazy, type ReactNode, Suspense, useCallback, useContext, useId, useRef, useState } from 'react';
import { classes } from '../_lib/classes.ts';
import { formatMoment, formatRelative } from '../_lib/format.ts';
import { useReader, useZone } from './reader.tsx';

/** The moment whose exact time is shown, and the element it is shown at. */
export type ShownMoment = { readonly at: Date; readonly anchor: HTMLElement; readonly id: string };

const HOVER_MS = 150;
// The popup comes over the wire when the first moment is pointed at: it is not part of the first load.
const MomentPopup = lazy(async () => ({ default: (await import('./moment-popup.tsx')).MomentPopup }));
const ShowContext = createContext<(shown: ShownMoment | null) => void>(() => {});

/** Holds the one popup that all moments of a page share. */
export function MomentProvider({ children }: { children: ReactNode }) {
  const [shown, setShown] = useState<ShownMoment | null>(null);
  const [last, setLast] = useState<ShownMoment | null>(null);
  const show = useCallback((next: ShownMoment | null) => {
    setShown(next);
    if (next !== null) setLast(next);
  }, []);
  return (
    <ShowContext value={show}>
      {children}
      {last === null ? null : (
        <Suspense>
          <MomentPopup moment={last} isOpen={shown !== null} onClose={() => setShown(null)} />
        </Suspense>
      )}
    </ShowContext>
  );
}

/**
 * A moment as the reader's clock says it: relative, or absolute to the minute. Hover, focus or tap shows it in full with its
 * zone. Before the browser's zone is known the absolute form is drawn in UTC and hidden: it takes its place without a jump.
 */
export function Moment({ at, as = 'relative', className }: { at: Date; as?: 'relative' | 'absolute'; className?: string }) {
  const { locale, nowMs } = useReader();
  const zone = useZone();
  const show = useContext(ShowContext);
  const id = useId();
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const hide = () => {
    clearTimeout(timer.current);
    show(null);
  };
  const isHidden = as === 'absolute' && zone === 'UTC';
  return (
    <button
      type="button"
      aria-describedby={id}
      onMouseEnter={({ currentTarget: anchor }) => {
        timer.current = setTimeout(() => show({ at, anchor, id }), HOVER_MS);
      }}
      onMouseLeave={hide}
      onFocus={({ currentTarget: anchor }) => anchor.matches(':focus-visible') && show({ at, anchor, id })}
      onBlur={hide}
      onClick={({ currentTarget: anchor }) => show({ at, anchor, id })}
      className={classes(
        'relative z-10 inline-flex min-h-6 cursor-default items-center rounded-sm text-left align-baseline whitespace-nowrap',
        className,
      )}
    >
      <time dateTime={at.toISOString()} className={classes(isHidden && 'opacity-0')} suppressHydrationWarning>
        {as === 'relative' ? formatRelative(at, nowMs) : formatMoment(at, locale, zone)}
      </time>
    </button>
  );
}
