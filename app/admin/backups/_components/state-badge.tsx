import { CircleCheck, CircleDashed, CircleX, Clock, LoaderCircle, RotateCw, TriangleAlert } from 'lucide-react';
import type { Backup } from '#lib/backup/backup.ts';
import { classes } from '../../../_lib/classes.ts';

const LOOKS = {
  waiting: { word: 'Waiting', Icon: Clock, colour: 'text-soft' },
  retrying: { word: 'Trying again', Icon: RotateCw, colour: 'text-warn' },
  running: { word: 'Running', Icon: LoaderCircle, colour: 'text-ink [&_svg]:animate-spin' },
  stalled: { word: 'Stalled', Icon: TriangleAlert, colour: 'text-warn' },
  done: { word: 'Done', Icon: CircleCheck, colour: 'text-good' },
  failed: { word: 'Failed', Icon: CircleX, colour: 'text-bad' },
  cleaned_up: { word: 'Cleaned up', Icon: CircleDashed, colour: 'text-faint' },
} as const satisfies Record<Backup['state'], unknown>;

/** The word for a state. */
export function stateWord(state: Backup['state']): string {
  return LOOKS[state].word;
}

/** A state as icon, word and colour; each alone would do. */
export function StateBadge({ state, className }: { state: Backup['state']; className?: string }) {
  const { word, Icon, colour } = LOOKS[state];
  return (
    <span className={classes('inline-flex items-center gap-1.5 font-medium whitespace-nowrap', colour, className)}>
      <Icon aria-hidden="true" className="size-4 shrink-0" />
      {word}
    </span>
  );
}
