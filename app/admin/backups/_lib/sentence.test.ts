import { describe, expect, it } from 'vitest';
import { type SentenceFacts, sentenceFor } from './sentence.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = Date.UTC(2026, 10, 24, 12);
const good = (hoursAgo: number, isChecked = true): SentenceFacts => ({
  lastGood: { atMs: NOW_MS - hoursAgo * HOUR_MS, isChecked },
  failedSince: null,
  isOpen: false,
  areChecksMade: true,
});

describe('the sentence on top', () => {
  it('is calm and says how old the last good backup is', () => {
    expect(sentenceFor(good(2), NOW_MS)).toMatchObject({ tone: 'good', text: 'Last good backup 2 h ago, checked.' });
  });

  it('turns amber by itself when the daily backup is overdue, and red a day later', () => {
    expect(sentenceFor(good(24.9), NOW_MS).tone).toBe('good');
    expect(sentenceFor(good(25.1), NOW_MS)).toMatchObject({
      tone: 'warn',
      text: 'Last good backup 25 h ago, checked: the next is overdue.',
    });
    expect(sentenceFor(good(49.1), NOW_MS)).toMatchObject({ tone: 'bad', text: 'No good backup for 2 days.' });
  });

  it('is amber for a backup that was not checked', () => {
    expect(sentenceFor(good(1, false), NOW_MS)).toMatchObject({ tone: 'warn', text: 'Last good backup 1 h ago, not checked.' });
  });

  it('claims no check, and raises no alarm for it, where no backup is ever checked', () => {
    const sentence = sentenceFor({ ...good(1, false), areChecksMade: false }, NOW_MS);
    expect(sentence).toMatchObject({ tone: 'good', text: 'Last good backup 1 h ago.' });
    expect(sentence.more).toMatch(/not read back/);
  });

  it('says a failure since the last good one, amber while that is fresh and red when it is not', () => {
    const failedSince = { atMs: NOW_MS - HOUR_MS, title: 'The database cannot be reached.' };
    const fresh = sentenceFor({ ...good(5), failedSince }, NOW_MS);
    expect(fresh).toMatchObject({ tone: 'warn', more: 'The database cannot be reached.' });
    expect(fresh.text).toBe('The backup 1 h ago failed; the last good one is 5 h old, checked.');
    expect(sentenceFor({ ...good(30), failedSince }, NOW_MS).tone).toBe('bad');
  });

  it('never sounds good without a good backup', () => {
    const none: SentenceFacts = { lastGood: null, failedSince: null, isOpen: false, areChecksMade: false };
    expect(sentenceFor(none, NOW_MS)).toMatchObject({ tone: 'warn', text: 'No backup yet.' });
    expect(sentenceFor({ ...none, isOpen: true }, NOW_MS).tone).toBe('calm');
    const failedSince = { atMs: NOW_MS - HOUR_MS, title: 'x' };
    expect(sentenceFor({ ...none, failedSince }, NOW_MS)).toMatchObject({
      tone: 'bad',
      text: 'No good backup yet; the last try failed 1 h ago.',
    });
    expect(sentenceFor({ ...none, failedSince, isOpen: true }, NOW_MS).tone).toBe('warn');
  });
});
