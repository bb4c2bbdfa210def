import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { setUpCatalog } from '#tests/support/auth-stand-in.ts';
import { digestsOf, structureOf } from '#tests/support/digests.ts';
import { createDatabase, createDatabaseOn, startPostgres15, type TestDatabase } from '#tests/support/postgres.ts';
import { backUpByCommand, followGuide, followPython, loadSql, run } from '#tests/support/programs.ts';
import { needsDebianPackage } from '#tests/support/requirement.ts';
import { needsShared, sharedPath } from '#tests/support/shared.ts';
import { askAndWork, openPlace } from './loop-place.ts';

const missing =
  needsShared('data/northwind/northwind.sql') ?? needsDebianPackage('postgresql-client-15', 'psql') ?? needsDebianPackage('unzip', 'unzip');

const servers: [string, () => Promise<{ url: string; stop(): Promise<void> } | string>][] = [
  ['Postgres 15 of Debian', startPostgres15],
  ['the embedded Postgres 18', async () => ({ url: inject('postgresUrl'), stop: async () => {} })],
];

describe.skipIf(missing !== null).each(servers)('Northwind on %s', (_name, start) => {
  let server: { url: string; stop(): Promise<void> } | string;
  let folder: string;
  let file: string;
  let source: TestDatabase;
  let rowCounts: Record<string, number>;
  const databases: TestDatabase[] = [];

  async function database(): Promise<TestDatabase> {
    if (typeof server === 'string') throw new Error(server);
    const made = await createDatabaseOn(server.url);
    databases.push(made);
    return made;
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'paliad-northwind-'));
    file = join(folder, 'northwind.xlsx');
    server = await start();
    if (typeof server === 'string') return;
    source = await database();
    await loadSql(source.url, sharedPath('data/northwind/northwind.sql'));
    rowCounts = await backUpByCommand(source.url, file);
  });

  afterAll(async () => {
    for (const made of databases) await made.drop();
    if (typeof server !== 'string') await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('counts as many rows in each of 14 tables as the database', async ({ skip }) => {
    if (typeof server === 'string') skip(server);
    expect(Object.keys(rowCounts)).toHaveLength(14);
    expect(Object.values(rowCounts).reduce((sum, rows) => sum + rows, 0)).toBe(3362);
    for (const [table, rows] of Object.entries(rowCounts)) {
      const { rows: counted } = await source.client.query(`select count(*)::int as n from ${table}`);
      expect([table, rows]).toEqual([table, counted[0].n]);
    }
  });

  it('counts the same when the console’s own runner makes it, and is read back before it counts', async ({ skip }) => {
    if (typeof server === 'string') skip(server);
    const catalog = await createDatabase();
    try {
      await setUpCatalog(catalog.client);
      const place = await openPlace(catalog, { source: { url: source.url, applicationName: 'Northwind, by the runner' } });
      const { id, status } = await askAndWork(catalog, place);
      const { rows } = await catalog.client.query(
        'select row_counts, verified_at is not null as checked from paliad.backups where id = $1',
        [id],
      );
      expect({ status, ...rows[0] }).toEqual({ status: 'done', row_counts: rowCounts, checked: true });
    } finally {
      await catalog.drop();
    }
  });

  it('is a valid workbook by the schemas of ISO/IEC 29500', async ({ skip }) => {
    const without = needsDebianPackage('libxml2-utils', 'xmllint');
    if (typeof server === 'string' || without !== null) skip(without ?? String(server));
    expect(await run(sharedPath('tools/validate-xlsx'), [file])).toContain('valid: northwind.xlsx');
  });

  it('comes back equal by following the guide inside the file with unzip and psql', async ({ skip }) => {
    if (typeof server === 'string') skip(server);
    const target = await database();
    await followGuide(file, target.url, folder);
    expect(await digestsOf(target.url)).toEqual(await digestsOf(source.url));
    expect(await structureOf(target.url)).toEqual(await structureOf(source.url));
  });

  it('comes back equal by the restore.py inside the file', async ({ skip }) => {
    if (typeof server === 'string') skip(server);
    const target = await database();
    expect(await followPython(file, target.url, folder)).toContain('restored: 14 tables, 3362 rows');
    expect(await digestsOf(target.url)).toEqual(await digestsOf(source.url));
    const structure = await structureOf(target.url);
    expect(structure).toEqual(await structureOf(source.url));
    expect(structure.filter((line) => line.startsWith('constraint:'))).toHaveLength(27);
  });
});
