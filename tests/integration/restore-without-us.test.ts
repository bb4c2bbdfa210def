import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openOneFile } from '#lib/store/file/one-file.ts';
import { openBackup } from '#lib/workbook/read.ts';
import { AUTH_STAND_IN, setUpCatalog } from '#tests/support/auth-stand-in.ts';
import { digestsOf, structureOf } from '#tests/support/digests.ts';
import { convertWithLibreOffice } from '#tests/support/libreoffice.ts';
import { createDatabase, type TestDatabase } from '#tests/support/postgres.ts';
import { backUpByCommand, followGuide, followPython, partOf, run, withFlippedByte } from '#tests/support/programs.ts';
import { needsDebianPackage } from '#tests/support/requirement.ts';
import { DEBIAN_PYTHON } from '#tests/support/sheet-cells.ts';

const missing =
  needsDebianPackage('postgresql-client-15', 'psql') ?? needsDebianPackage('unzip', 'unzip') ?? needsDebianPackage('python3', 'python3');

describe.skipIf(missing !== null)('a backup of the sample organisation, without this product', () => {
  let folder: string;
  let file: string;
  let source: TestDatabase;
  const targets: TestDatabase[] = [];

  async function target(prepare = ''): Promise<TestDatabase> {
    const made = await createDatabase();
    targets.push(made);
    await made.client.query(prepare);
    return made;
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'paliad-restore-'));
    file = join(folder, 'sample.xlsx');
    source = await createDatabase();
    await setUpCatalog(source.client);
    await source.client.query("insert into auth.users (email) values ('admin@kanzlei.example'), ('member@kanzlei.example')");
    await source.client.query(await readFile(new URL('../../supabase/seed.sql', import.meta.url), 'utf8'));
    // An extension in a schema of one's own: the definitions make that schema, nobody else may.
    await source.client.query('create schema kit; create extension pg_trgm with schema kit');
    await source.client.query('create sequence public.counter; select setval($$public.counter$$, 41)');
    await backUpByCommand(source.url, file);
  });

  afterAll(async () => {
    for (const database of [source, ...targets]) await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  it.each([
    ['the guide', followGuide],
    ['restore.py', followPython],
  ])('comes back equal by %s, users, policies, triggers, views and sequences with it', async (_way, follow) => {
    const { url } = await target(AUTH_STAND_IN);
    await follow(file, url, folder);
    expect(await digestsOf(url)).toEqual(await digestsOf(source.url));
    expect(await structureOf(url)).toEqual(await structureOf(source.url));
  });

  it.each([
    ['the guide', followGuide],
    ['restore.py', followPython],
  ])('comes back by %s in an ordinary Postgres too, the rows of Supabase’s own tables with it', async (_way, follow) => {
    const { url } = await target();
    await follow(file, url, folder);
    expect(await digestsOf(url)).toEqual(await digestsOf(source.url));
  });

  it('leaves nothing behind when restore.py finds the file damaged half way', async () => {
    const { manifest } = await openBackup(await openOneFile(file));
    const late = manifest.tables.filter((table) => table.rows > 1000).at(-1);
    const chunk = late?.parts[0].chunks[0];
    const damaged = await withFlippedByte(file, (chunk?.offset ?? 0) + Math.floor((chunk?.length ?? 0) / 2), join(folder, 'damaged.xlsx'));
    const { url } = await target(AUTH_STAND_IN);
    const before = await digestsOf(url);
    await expect(followPython(damaged, url, folder)).rejects.toThrow(/damaged.*Nothing was restored/s);
    expect(await digestsOf(url)).toEqual(before);
  });

  it('stops the guide before its first write when the file is damaged', async () => {
    const { manifest } = await openBackup(await openOneFile(file));
    const damaged = await withFlippedByte(file, (manifest.tables[5].parts[0].chunks[0]?.offset ?? 0) + 9, join(folder, 'bad.xlsx'));
    const { url } = await target(AUTH_STAND_IN);
    const before = await digestsOf(url);
    await expect(followGuide(damaged, url, folder)).rejects.toThrow();
    expect(await digestsOf(url)).toEqual(before);
  });

  it('leaves nothing behind when restore.py fails in the target', async () => {
    const { url } = await target(`${AUTH_STAND_IN}; create table public.time_entries (id int)`);
    const before = await digestsOf(url);
    await expect(followPython(file, url, folder)).rejects.toThrow(/nothing was restored/);
    expect(await digestsOf(url)).toEqual(before);
  });

  it('is refused by name after openpyxl or LibreOffice saved it again', async ({ skip }) => {
    const without =
      needsDebianPackage('libreoffice-calc', 'soffice') ??
      needsDebianPackage('python3-openpyxl', '/usr/lib/python3/dist-packages/openpyxl');
    if (without !== null) skip(without);
    const small = join(folder, 'small.xlsx');
    await backUpByCommand(source.url, small, '--sheet-cells', '1000');
    const byOpenpyxl = join(folder, 'openpyxl.xlsx');
    await run(DEBIAN_PYTHON, ['-c', 'import openpyxl, sys; openpyxl.load_workbook(sys.argv[1]).save(sys.argv[2])', small, byOpenpyxl]);
    await convertWithLibreOffice([small], 'xlsx:Calc MS Excel 2007 XML', join(folder, 'libreoffice'));
    for (const saved of [byOpenpyxl, join(folder, 'libreoffice', 'small.xlsx')]) {
      await expect(openBackup(await openOneFile(saved))).rejects.toMatchObject({ code: 'BACKUP_RESAVED' });
    }
    const script = join(folder, 'restore.py');
    await run('bash', ['-c', 'unzip -p "$0" backup/restore.py > "$1"', file, script]);
    await expect(run('python3', [script, byOpenpyxl, source.url])).rejects.toThrow(/spreadsheet program saved again/);
  });

  it('says in the guide how many rows each table has, and what did not come along', async () => {
    const guide = await partOf(file, 'backup/RESTORE.md');
    expect(guide).toContain('| public.time_entries | 10500 |');
    expect(guide).toContain('## What did not come along');
    expect(guide).toContain('Other schemas: auth.');
  });
});
