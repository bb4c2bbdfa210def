import { describe, expect, it } from 'vitest';
import type { Backup, DoneBackup, FailedBackup } from '#lib/backup/backup.ts';
import { durationMs, placeOf, rowsTotal, sentenceFacts, sizesBefore } from './facts.ts';

const at = (hour: number) => new Date(Date.UTC(2026, 10, 24, hour));
const common = { kind: 'scheduled', requestedByEmail: 'system@paliad', auditId: null, attempt: 1, warnings: [] } as const;

function done(id: string, hour: number, sizeBytes: number | null = 100): DoneBackup {
  return {
    ...common,
    id,
    state: 'done',
    startedAt: at(hour),
    dueAt: at(hour),
    finishedAt: new Date(at(hour).getTime() + 4_000),
    storageUri: 'file:///srv/a.xlsx',
    sizeBytes,
    sha256: null,
    rowCounts: { 'public.a': 2, 'public.b': 3 },
    sheetCount: 2,
    verifiedAt: at(hour),
    drilledAt: null,
  };
}

function failed(id: string, hour: number, code: 'SOURCE_UNREACHABLE' | 'RUN_CANCELLED' = 'SOURCE_UNREACHABLE'): FailedBackup {
  const error = { code, title: 'It failed.', hint: '', detail: '' };
  return { ...common, id, state: 'failed', startedAt: at(hour), dueAt: at(hour), finishedAt: at(hour), error };
}

const waiting: Backup = { ...common, id: 'w', state: 'waiting', startedAt: at(9), dueAt: at(9), giveUpAt: at(10) };

describe('what the page makes of the rows', () => {
  it('knows duration, rows and size of a finished backup, and none of an open one', () => {
    expect([durationMs(done('a', 1)), rowsTotal(done('a', 1))]).toEqual([4_000, 5]);
    expect([durationMs(waiting), rowsTotal(waiting)]).toEqual([null, null]);
  });

  it('reports the newest failure only when it came after the last good backup', () => {
    expect(sentenceFacts([failed('f', 1), done('d', 2)], done('d', 2)).failedSince).toBeNull();
    const facts = sentenceFacts([failed('late', 5), failed('early', 3), done('d', 2)], done('d', 2));
    expect(facts.failedSince?.atMs).toBe(at(5).getTime());
  });

  it('does not count a cancelled backup as a failure', () => {
    expect(sentenceFacts([failed('c', 5, 'RUN_CANCELLED')], done('d', 2)).failedSince).toBeNull();
  });

  it('compares a size with the backup before it, skipping those without one', () => {
    const before = sizesBefore([done('c', 5, 300), failed('f', 4), done('x', 3, null), done('b', 2, 200), done('a', 1, 100)]);
    expect([...before]).toEqual([
      ['b', 100],
      ['c', 200],
    ]);
  });

  it.each([
    ['file:///srv/a.xlsx', 'Server disk'],
    ['supabase://backups/a.xlsx', 'Supabase Storage'],
    ['s3://bucket/a.xlsx', 'S3'],
    ['other://x', 'other'],
  ])('says where %s is kept', (uri, place) => {
    expect(placeOf(uri)).toBe(place);
  });
});
