import { describe, expect, it } from 'vitest';
import { type Coverage, hasSheet, isSchemaCovered, MANAGED_TABLES, SCHEMAS_NEVER_COVERED } from './coverage.ts';

const FULL_COVERAGE: Coverage = { schemas: null, excludedSchemas: [], excludedData: [] };

describe('what a backup covers', () => {
  it.each(['public', 'app', 'paliad', 'Weird "schema"', 'auth2'])('is %s', (schema) => {
    expect(isSchemaCovered(schema, FULL_COVERAGE)).toBe(true);
  });

  it.each(['auth', 'storage', 'vault', 'supabase_migrations', 'cron', 'pgmq', 'pg_catalog', 'pg_toast', 'pg_temp_3', 'information_schema'])(
    'is not %s',
    (schema) => {
      expect(isSchemaCovered(schema, FULL_COVERAGE)).toBe(false);
    },
  );

  it('leaves out what a setting leaves out', () => {
    expect(isSchemaCovered('app', { ...FULL_COVERAGE, excludedSchemas: ['app'] })).toBe(false);
  });

  it('is exactly what was chosen, where schemas were chosen, and Postgres’s own never', () => {
    const coverage = { ...FULL_COVERAGE, schemas: ['app', 'storage', 'pg_catalog'] };
    expect(['app', 'storage', 'public', 'pg_catalog'].map((schema) => isSchemaCovered(schema, coverage))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('takes the rows that foreign keys point to from schemas that are not covered', () => {
    for (const { schema } of MANAGED_TABLES) expect(SCHEMAS_NEVER_COVERED).toContain(schema);
  });

  it('never draws what belongs to signing in', () => {
    expect([hasSheet({ schema: 'auth' }), hasSheet({ schema: 'storage' }), hasSheet({ schema: 'public' })]).toEqual([false, true, true]);
  });
});
