import { age } from '../../../_lib/format.ts';

/** What the sentence on top is made from. Times in milliseconds since 1970. */
export type SentenceFacts = {
  readonly lastGood: { readonly atMs: number; readonly isChecked: boolean } | null;
  /** The newest run that ended badly, when it ended after the last good one. */
  readonly failedSince: { readonly atMs: number; readonly title: string } | null;
  readonly isOpen: boolean;
  /** Whether backups are read back and compared here at all. Where none is, one more is no reason for amber. */
  readonly areChecksMade: boolean;
};

/** How the organisation stands: `calm` says that there is nothing to judge yet. */
export type Tone = 'good' | 'warn' | 'bad' | 'calm';

/** The sentence, how serious it is, and one line below it. */
export type Sentence = { readonly tone: Tone; readonly text: string; readonly more: string };

const HOUR_MS = 3_600_000;
/** A day and an hour: the daily backup is overdue. */
const LATE_MS = 25 * HOUR_MS;
/** Two days and an hour: two of them are missing. */
const VERY_LATE_MS = 49 * HOUR_MS;

/** The sentence on top of the page. Grows amber and red as time passes, without anything else happening. */
export function sentenceFor(facts: SentenceFacts, nowMs: number): Sentence {
  const { lastGood, failedSince, isOpen, areChecksMade } = facts;
  if (lastGood === null) return withoutGood(failedSince, isOpen, nowMs);
  const oldMs = nowMs - lastGood.atMs;
  const old = age(oldMs);
  const good = old === null ? 'Last good backup just now' : `Last good backup ${old} ago`;
  const checked = lastGood.isChecked ? ', checked' : areChecksMade ? ', not checked' : '';
  if (failedSince !== null) {
    const failed = `The backup ${ago(failedSince.atMs, nowMs)} failed; the last good one is ${old === null ? 'from just now' : `${old} old`}${checked}.`;
    return { tone: oldMs > LATE_MS ? 'bad' : 'warn', text: failed, more: failedSince.title };
  }
  if (oldMs > VERY_LATE_MS) return { tone: 'bad', text: `No good backup for ${old}.`, more: 'Changes since then are not protected.' };
  if (oldMs > LATE_MS)
    return { tone: 'warn', text: `${good}${checked}: the next is overdue.`, more: 'Changes since then are not protected.' };
  if (!lastGood.isChecked && areChecksMade)
    return { tone: 'warn', text: `${good}, not checked.`, more: 'Its file was not read back and compared after it was written.' };
  const more = lastGood.isChecked
    ? 'Its file was read back and compared with what the database sent.'
    : 'Its file was published whole, with its checksum; it was not read back and compared.';
  return { tone: 'good', text: `${good}${checked}.`, more };
}

function withoutGood(failedSince: SentenceFacts['failedSince'], isOpen: boolean, nowMs: number): Sentence {
  if (isOpen)
    return {
      tone: failedSince === null ? 'calm' : 'warn',
      text: 'The first backup is on its way.',
      more: 'Nothing is protected until it is done.',
    };
  if (failedSince !== null) {
    return { tone: 'bad', text: `No good backup yet; the last try failed ${ago(failedSince.atMs, nowMs)}.`, more: failedSince.title };
  }
  return { tone: 'warn', text: 'No backup yet.', more: 'Nothing is protected until the first one is done.' };
}

function ago(atMs: number, nowMs: number): string {
  const old = age(nowMs - atMs);
  return old === null ? 'just now' : `${old} ago`;
}
