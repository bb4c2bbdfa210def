import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestsOf, structureOf } from '#tests/support/digests.ts';
import { createDatabase, type TestDatabase } from '#tests/support/postgres.ts';
import { backUpByCommand, followGuide, followPython, loadSql, run } from '#tests/support/programs.ts';
import { needsDebianPackage } from '#tests/support/requirement.ts';
import { needsShared, sharedPath } from '#tests/support/shared.ts';
import { DEBIAN_PYTHON, difference, readTable, readWithOpenpyxl, type SeenSheets } from '#tests/support/sheet-cells.ts';

const TABLES = ['Weird "Tab\'le', 'empty_t', 'misc', 'nums', 'onecol', 'texts', 'times'];

/** Names that shell, SQL, psql and Python read as something else when they are not quoted. */
const HOSTILE = [
  `create schema "It's; \\echo ""x"" $(id) :v"`,
  `create table "It's; \\echo ""x"" $(id) :v"."t\nwo \`lines\`" ("a\tb" int generated always as identity, "c'; drop table x" text, "%s {}" int)`,
  `insert into "It's; \\echo ""x"" $(id) :v"."t\nwo \`lines\`" ("c'; drop table x") values ('\\.'), (E'\\\\N'), (null), ('')`,
  'create table public."no columns" ()',
  'insert into public."no columns" default values',
  'insert into public."no columns" default values',
];

const missing = needsShared('data/nasty.sql') ?? needsDebianPackage('postgresql-client-15', 'psql') ?? needsDebianPackage('unzip', 'unzip');

describe.skipIf(missing !== null)('every kind of value and name that was ever trouble', () => {
  let folder: string;
  let file: string;
  let source: TestDatabase;
  const targets: TestDatabase[] = [];

  async function target(): Promise<TestDatabase> {
    const made = await createDatabase();
    targets.push(made);
    return made;
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "paliad nasty's-"));
    file = join(folder, 'nasty.xlsx');
    source = await createDatabase();
    await loadSql(source.url, sharedPath('data/nasty.sql'));
    for (const statement of HOSTILE) await source.client.query(statement);
    await backUpByCommand(source.url, file);
  });

  afterAll(async () => {
    for (const database of [source, ...targets]) await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  it('makes a valid workbook', async ({ skip }) => {
    const without = needsDebianPackage('libxml2-utils', 'xmllint');
    if (without !== null) skip(without);
    expect(await run(sharedPath('tools/validate-xlsx'), [file])).toContain('valid: nasty.xlsx');
  });

  it('comes back equal by the guide, with unzip and psql', async () => {
    const { url } = await target();
    await followGuide(file, url, folder);
    expect(await digestsOf(url)).toEqual(await digestsOf(source.url));
    expect(await structureOf(url)).toEqual(await structureOf(source.url));
  });

  it('comes back equal by restore.py', async () => {
    const { url } = await target();
    await followPython(file, url, folder);
    expect(await digestsOf(url)).toEqual(await digestsOf(source.url));
    expect(await structureOf(url)).toEqual(await structureOf(source.url));
  });

  async function differences(sheets: SeenSheets): Promise<string[]> {
    const found: string[] = [];
    for (const name of TABLES) {
      const { columns, rows } = await readTable(source.client, 'app', name);
      const seen = sheets.get(name) ?? [];
      if (seen.length !== rows.length + 1) found.push(`${name}: ${seen.length - 1} rows for ${rows.length}`);
      for (const [n, row] of rows.entries()) {
        for (const [k, value] of row.entries()) {
          const why = difference(value, columns[k].type, seen[n + 1]?.[k], { showsEmptyText: true, keepsCarriageReturns: true });
          if (why !== null) found.push(`${name} row ${n + 1}, ${columns[k].name}: ${why}`);
        }
      }
    }
    return found.slice(0, 20);
  }

  it('shows in openpyxl each value as the database has it, or marks it as cut', async ({ skip }) => {
    const without =
      needsDebianPackage('python3-openpyxl', '/usr/lib/python3/dist-packages/openpyxl') ?? needsDebianPackage('python3', DEBIAN_PYTHON);
    if (without !== null) skip(without);
    expect(await differences(await readWithOpenpyxl(file))).toEqual([]);
  });
});
