import { describe, expect, it } from 'vitest';
import { explainFailure, inWords, totalRows } from './backup.ts';
import { BACKUP_ERRORS } from './errors.ts';

describe('explainFailure', () => {
  it('turns a known code into its title and hint and keeps the detail', () => {
    const failure = explainFailure('STORE_FULL: /srv/backups');
    expect(failure).toEqual({
      code: 'STORE_FULL',
      title: BACKUP_ERRORS.STORE_FULL.title,
      hint: BACKUP_ERRORS.STORE_FULL.hint,
      detail: '/srv/backups',
    });
  });

  it('puts the cause of the last attempt in words, too', () => {
    expect(explainFailure('RUN_GAVE_UP: Attempt 3: STORE_FULL: /srv').detail).toBe(`Attempt 3: ${BACKUP_ERRORS.STORE_FULL.title} /srv`);
  });

  it.each(['', 'disk died', 'FATAL: no', 'constructor', 'NOT_A_CODE_OF_OURS: x'])('keeps free text %j as the detail', (text) => {
    expect(explainFailure(text)).toMatchObject({ code: null, title: 'The backup failed.', detail: text });
  });

  it('a failed row without any error still has a title', () => {
    expect(explainFailure(null)).toMatchObject({ code: null, title: 'The backup failed.', detail: '' });
  });
});

describe('inWords', () => {
  it('leaves a sentence as it is', () => {
    expect(inWords('Attempt 1: the runner a went silent.')).toBe('Attempt 1: the runner a went silent.');
  });

  it('a code without detail becomes its title alone', () => {
    expect(inWords('Attempt 2: TABLE_LOCKED')).toBe(`Attempt 2: ${BACKUP_ERRORS.TABLE_LOCKED.title}`);
  });

  it('a cause of several lines is kept whole', () => {
    expect(inWords('STORE_FULL: a\nb')).toBe(`${BACKUP_ERRORS.STORE_FULL.title} a\nb`);
  });
});

it('totalRows adds up all tables, and nothing is nothing', () => {
  expect([totalRows({ 'public.a': 2, 'public.b': 3 }), totalRows({})]).toEqual([5, 0]);
});
