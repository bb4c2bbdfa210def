import { describe, expect, it } from 'vitest';
import type { Backup, Progress } from '#lib/backup/backup.ts';
import { liveView, paceOf } from './live.ts';

const START = '2026-11-24T02:00:00.000Z';
const msAfter = (ms: number) => Date.parse(START) + ms;
const progress: Progress = {
  phase: 'rows',
  table: 'public.matters',
  tablesDone: 1,
  tablesTotal: 4,
  rows: 5_000,
  rowsExpected: 20_000,
  sizeBytes: 1_000_000,
  startedAt: START,
};

describe('how far a run is', () => {
  it('gives percent, rate and time left from the counts', () => {
    expect(paceOf(progress, msAfter(10_000))).toEqual({ percent: 24, bytesPerSecond: 100_000, leftMs: 30_000 });
  });

  it('promises nothing in the first moments', () => {
    expect(paceOf(progress, msAfter(500))).toMatchObject({ bytesPerSecond: null, leftMs: null });
  });

  it('stays below 100 percent until the run has ended, however wrong the estimate was', () => {
    expect(paceOf({ ...progress, rows: 90_000 }, msAfter(10_000))).toMatchObject({ percent: 96, leftMs: 0 });
    for (const phase of ['connecting', 'schema', 'publishing', 'checking'] as const) {
      expect(paceOf({ ...progress, phase }, msAfter(10_000)).percent).toBeLessThan(100);
    }
  });

  it('counts tables when nobody knows how many rows there are', () => {
    expect(paceOf({ ...progress, rowsExpected: 0 }, msAfter(10_000))).toMatchObject({ percent: 24, leftMs: null });
    expect(paceOf({ ...progress, rowsExpected: 0, tablesTotal: 0 }, msAfter(10_000)).percent).toBeNull();
  });
});

describe('an open backup on the wire', () => {
  it('says the cause of a second try without its number', () => {
    const backup: Backup = {
      id: 'x',
      kind: 'on_demand',
      requestedByEmail: 'a@b',
      auditId: null,
      startedAt: new Date(START),
      dueAt: new Date(START),
      attempt: 2,
      warnings: [],
      state: 'retrying',
      nextTryAt: new Date(msAfter(40_000)),
      giveUpAt: new Date(msAfter(3_600_000)),
      lastCause: 'Attempt 1: The database cannot be reached.',
    };
    expect(liveView(backup, msAfter(1_000))).toMatchObject({
      state: 'retrying',
      reason: 'The database cannot be reached.',
      nextTryAt: '2026-11-24T02:00:40.000Z',
      progress: null,
    });
  });
});
