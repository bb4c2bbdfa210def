'use client';

import { Popover } from '@base-ui/react/popover';
import { classes } from '../_lib/classes.ts';
import { formatMoment, formatMomentFully, formatRelative } from '../_lib/format.ts';
import { useReader } from './reader.tsx';

const popover = Popover.createHandle<Date>();

/**
 * A moment as the reader's clock says it: relative, or absolute to the minute. Hover, focus or tap shows it in full with its
 * zone. Before the browser's zone is known the absolute form is drawn in UTC and hidden: it takes its place without a jump.
 */
export function Moment({ at, as = 'relative', className }: { at: Date; as?: 'relative' | 'absolute'; className?: string }) {
  const { locale, nowMs, isMounted } = useReader();
  const absolute = formatMoment(at, locale, isMounted ? undefined : 'UTC');
  return (
    <Popover.Trigger
      handle={popover}
      payload={at}
      openOnHover
      delay={150}
      className={classes('relative z-10 inline-flex min-h-6 items-center rounded-sm text-left whitespace-nowrap', className)}
    >
      <time dateTime={at.toISOString()} className={classes(as === 'absolute' && !isMounted && 'opacity-0')} suppressHydrationWarning>
        {as === 'relative' ? formatRelative(at, nowMs) : absolute}
      </time>
    </Popover.Trigger>
  );
}

/** The one popup that all moments of a page share. Mounted once, in the layout. */
export function MomentPopup() {
  const { locale } = useReader();
  return (
    <Popover.Root handle={popover}>
      {({ payload }) => (
        <Popover.Portal>
          <Popover.Positioner sideOffset={6} className="z-50">
            <Popover.Popup
              initialFocus={false}
              aria-label="Exact time"
              className="rounded-lg border bg-raised px-3 py-2 text-sm text-ink transition-opacity data-ending-style:opacity-0 data-starting-style:opacity-0"
            >
              {payload === undefined ? null : (
                <>
                  <span className="block">{formatMomentFully(payload, locale)}</span>
                  <span className="block font-mono text-xs text-faint">{payload.toISOString()}</span>
                </>
              )}
            </Popover.Popup>
          </Popover.Positioner>
        </Popover.Portal>
      )}
    </Popover.Root>
  );
}
