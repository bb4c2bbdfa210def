'use client';

import { Tooltip } from '@base-ui/react/tooltip';
import { formatMomentFully } from '../_lib/format.ts';
import type { ShownMoment } from './moment.tsx';
import { useReader } from './reader.tsx';

/** A moment in full: in the reader's zone, and as machines write it. */
export function MomentPopup({ moment, isOpen, onClose }: { moment: ShownMoment; isOpen: boolean; onClose: () => void }) {
  const { locale } = useReader();
  return (
    <Tooltip.Root open={isOpen} onOpenChange={(isOpenNow) => isOpenNow || onClose()}>
      <Tooltip.Portal>
        <Tooltip.Positioner anchor={moment.anchor} side="bottom" sideOffset={6} collisionPadding={8} className="pointer-events-none z-50">
          <Tooltip.Popup
            id={moment.id}
            role="tooltip"
            className="rounded-lg border bg-raised px-3 py-2 text-sm text-ink transition-opacity data-ending-style:opacity-0 data-starting-style:opacity-0"
          >
            <span className="block">{formatMomentFully(moment.at, locale)}</span>
            <span className="block font-mono text-xs text-soft">{moment.at.toISOString()}</span>
          </Tooltip.Popup>
        </Tooltip.Positioner>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
