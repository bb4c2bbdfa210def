'use client';

import { CircleCheck, CircleX, Info, TriangleAlert } from 'lucide-react';
import { useReader } from '../../../_components/reader.tsx';
import { classes } from '../../../_lib/classes.ts';
import { type SentenceFacts, sentenceFor } from '../_lib/sentence.ts';

const LOOKS = {
  good: { Icon: CircleCheck, colour: 'text-good', word: 'In order:' },
  warn: { Icon: TriangleAlert, colour: 'text-warn', word: 'Attention:' },
  bad: { Icon: CircleX, colour: 'text-bad', word: 'Alarm:' },
  calm: { Icon: Info, colour: 'text-soft', word: '' },
} as const;

/** How the backups stand, in one sentence that keeps up with the clock. The heading of the page. */
export function StateSentence({ facts }: { facts: SentenceFacts }) {
  const { nowMs } = useReader();
  const { tone, text, more } = sentenceFor(facts, nowMs);
  const { Icon, colour, word } = LOOKS[tone];
  return (
    <div className="flex min-w-0 gap-3">
      <Icon aria-hidden="true" className={classes('mt-1 size-6 shrink-0', colour)} />
      <div className="min-w-0">
        <h1
          className={classes('text-2xl font-semibold tracking-tight text-balance', (tone === 'warn' || tone === 'bad') && colour)}
          data-tone={tone}
        >
          <span className="sr-only">{word} </span>
          {text}
        </h1>
        <p className="mt-1 text-soft">{more}</p>
      </div>
    </div>
  );
}
