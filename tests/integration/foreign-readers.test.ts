import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setUpCatalog } from '#tests/support/auth-stand-in.ts';
import { convertWithLibreOffice } from '#tests/support/libreoffice.ts';
import { createDatabase, type TestDatabase } from '#tests/support/postgres.ts';
import { backUpByCommand, loadSql } from '#tests/support/programs.ts';
import { needsDebianPackage } from '#tests/support/requirement.ts';
import { needsShared, sharedPath } from '#tests/support/shared.ts';
import {
  type DatabaseTable,
  DEBIAN_PYTHON,
  difference,
  type Reader,
  readTable,
  readWithExceljs,
  readWithOpenpyxl,
  type SeenSheets,
} from '#tests/support/sheet-cells.ts';

const missing =
  needsDebianPackage('python3-openpyxl', '/usr/lib/python3/dist-packages/openpyxl') ??
  needsDebianPackage('python3', DEBIAN_PYTHON) ??
  needsDebianPackage('libreoffice-calc', 'soffice');

type Source = { file: string; database: TestDatabase; tables: Map<string, DatabaseTable> };

let folder: string;
const sources = new Map<string, Source>();

async function prepare(name: string, fill: (database: TestDatabase) => Promise<void>): Promise<void> {
  const database = await createDatabase();
  await fill(database);
  const file = join(folder, `${name}.xlsx`);
  const rowCounts = await backUpByCommand(database.url, file, '--schema', 'public');
  const tables = new Map<string, DatabaseTable>();
  for (const label of Object.keys(rowCounts)) {
    if (!label.startsWith('public.')) continue;
    const table = label.slice('public.'.length);
    tables.set(table, await readTable(database.client, 'public', table));
  }
  sources.set(name, { file, database, tables });
}

/** Every cell of every table that is not as the database says it. */
function differences(source: Source, sheets: SeenSheets, reader: Reader): string[] {
  const found: string[] = [];
  for (const [name, { columns, rows }] of source.tables) {
    const seen = sheets.get(name) ?? [];
    const header = columns.map((column) => column.name);
    if (seen[0]?.join() !== header.join()) found.push(`${name}: the header is ${seen[0]}`);
    if (seen.length !== rows.length + 1) found.push(`${name}: ${seen.length - 1} rows for ${rows.length}`);
    for (const [n, row] of rows.entries()) {
      for (const [k, value] of row.entries()) {
        const why = difference(value, columns[k].type, seen[n + 1]?.[k], reader);
        if (why !== null) found.push(`${name} row ${n + 1}, ${columns[k].name}: ${why}`);
      }
    }
  }
  return found.slice(0, 20);
}

function sourceOf(name: string): Source {
  const source = sources.get(name);
  if (source === undefined) throw new Error(`no ${name}`);
  return source;
}

describe.skipIf(missing !== null)('readers that know nothing of this product', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'paliad-readers-'));
    await mkdir(join(folder, 'saved-again'));
    await prepare('sample', async ({ client }) => {
      await setUpCatalog(client);
      await client.query("insert into auth.users (email) values ('admin@kanzlei.example'), ('member@kanzlei.example')");
      await client.query(await readFile(new URL('../../supabase/seed.sql', import.meta.url), 'utf8'));
    });
    if (needsShared('data/northwind/northwind.sql') === null) {
      await prepare('northwind', ({ url }) => loadSql(url, sharedPath('data/northwind/northwind.sql')));
    }
    const files = Array.from(sources.values(), (source) => source.file);
    await convertWithLibreOffice(files, 'xlsx', join(folder, 'saved-again'));
  });

  afterAll(async () => {
    for (const { database } of sources.values()) await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  describe.each(['sample', 'northwind'])('%s', (name) => {
    it('openpyxl shows every value of every table as the database has it', async ({ skip }) => {
      if (!sources.has(name)) skip();
      const source = sourceOf(name);
      expect(differences(source, await readWithOpenpyxl(source.file), { showsEmptyText: true, keepsCarriageReturns: true })).toEqual([]);
    });

    it('exceljs shows every value of every table as the database has it', async ({ skip }) => {
      if (!sources.has(name)) skip();
      const source = sourceOf(name);
      // exceljs passes an empty text over, as it does an empty cell.
      expect(differences(source, await readWithExceljs(source.file), { showsEmptyText: false, keepsCarriageReturns: true })).toEqual([]);
    });

    it('LibreOffice shows every value of every table as the database has it', async ({ skip }) => {
      if (!sources.has(name)) skip();
      const source = sourceOf(name);
      const saved = await readWithOpenpyxl(join(folder, 'saved-again', `${name}.xlsx`));
      expect(differences(source, saved, { showsEmptyText: false, keepsCarriageReturns: false })).toEqual([]);
    });
  });
});
