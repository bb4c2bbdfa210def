import { describe, expect, it } from 'vitest';
import { backupFromRow } from './row.ts';

const NOW = new Date('2026-11-24T12:00:00Z');
const ROW = {
  id: '2b1d922f-d7cc-42e0-984e-caba8e55da86',
  kind: 'on_demand',
  status: 'running',
  requested_by_email: 'anna@example.org',
  audit_id: null,
  storage_uri: null,
  size_bytes: null,
  row_counts: {},
  sheet_count: null,
  warnings: [],
  error: null,
  started_at: '2026-11-24T11:00:00+00:00',
  finished_at: null,
  deleted_at: null,
  due_at: '2026-11-24T11:00:00+00:00',
  give_up_at: '2026-11-24T12:30:00+00:00',
  attempt: 0,
  next_try_at: '2026-11-24T11:00:00+00:00',
  lease_until: null,
  runner: null,
  progress: null,
  sha256: null,
  verified_at: null,
  drilled_at: null,
  expire_reason: null,
};
const DONE = { ...ROW, status: 'done', storage_uri: 'file:///a', finished_at: '2026-11-24T11:05:00+00:00' };

describe('the state of a backup follows from the row alone', () => {
  const leased = { attempt: 1, runner: 'web-1' };
  it.each([
    ['waiting', ROW],
    ['retrying', { ...ROW, attempt: 2, warnings: ['Attempt 2: STORE_FULL: /srv'] }],
    ['running', { ...ROW, ...leased, lease_until: '2026-11-24T12:00:01Z' }],
    ['stalled', { ...ROW, ...leased, lease_until: '2026-11-24T11:59:59Z' }],
    ['done', DONE],
    ['failed', { ...ROW, status: 'failed', error: 'STORE_FULL: /srv' }],
    ['cleaned_up', { ...DONE, deleted_at: '2026-11-24T11:30:00Z' }],
  ])('%s', (state, row) => {
    expect(backupFromRow(row, NOW).state).toBe(state);
  });

  it('a lease that ends at this very moment is still held', () => {
    expect(backupFromRow({ ...ROW, ...leased, lease_until: NOW }, NOW).state).toBe('running');
  });

  it('one that is tried again says why, in words', () => {
    const backup = backupFromRow({ ...ROW, attempt: 1, warnings: ['Attempt 1: STORE_FULL: /srv'] }, NOW);
    expect(backup).toMatchObject({ lastCause: 'Attempt 1: The place where backups are kept is full. /srv' });
  });
});

describe('both ways a row arrives give the same backup', () => {
  it('moments in either spelling and as Date, sizes as text and number', () => {
    const spellings = ['2026-11-24T11:05:00.123+00:00', '2026-11-24 11:05:00.123+00', new Date('2026-11-24T11:05:00.123Z')];
    const backups = spellings.map((finished_at, i) => backupFromRow({ ...DONE, finished_at, size_bytes: i === 0 ? 1234 : '1234' }, NOW));
    expect(backups[1]).toEqual(backups[0]);
    expect(backups[2]).toEqual(backups[0]);
    expect(backups[0]).toMatchObject({ finishedAt: new Date('2026-11-24T11:05:00.123Z'), sizeBytes: 1234 });
  });

  it('a size that is not known stays unknown, not 0', () => {
    expect(backupFromRow(DONE, NOW)).toMatchObject({ sizeBytes: null });
  });
});

describe('rows that others wrote', () => {
  it('a done row without its end ends when it began', () => {
    expect(backupFromRow({ ...DONE, finished_at: null }, NOW)).toMatchObject({ finishedAt: new Date(ROW.started_at) });
  });

  it('a warning that is no text is shown as it stands', () => {
    expect(backupFromRow({ ...DONE, warnings: ['a', { code: 1 }] }, NOW).warnings).toEqual(['a', '{"code":1}']);
  });

  it('progress of an unknown shape is no progress, and no failure', () => {
    const backup = backupFromRow({ ...ROW, attempt: 1, runner: 'r', lease_until: '2026-11-24T13:00Z', progress: { phase: 'later' } }, NOW);
    expect(backup).toMatchObject({ state: 'running', progress: null });
  });

  it.each([{ ...ROW, started_at: 'yesterday' }, { ...ROW, status: 'paused' }, { ...DONE, storage_uri: null }, null])(
    'what is no such row is refused: %#',
    (row) => {
      expect(() => backupFromRow(row, NOW)).toThrow();
    },
  );
});
