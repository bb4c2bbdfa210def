import { spawn } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import ExcelJs from 'exceljs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '#tests/support/postgres.ts';
import { createBulk, expectNoSessions, linesOf, newFolder } from './backing-up.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const PASSWORD = 'sehr geheim/ü%';
let database: TestDatabase;
let url = '';
let folder = '';

type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

/** Runs the command line as `npm run paliad --` does, typed in `folder`. */
function paliad(words: readonly string[], onOutput: (text: string, interrupt: () => void) => void = () => {}): Promise<Ended> {
  // What npm says is npm's; the door that it opens is this one.
  const child = spawn(join(ROOT, 'node_modules/.bin/node'), [join(ROOT, 'scripts/run.mjs'), 'paliad', ...words], {
    cwd: ROOT,
    env: { ...process.env, INIT_CWD: folder, TMPDIR: folder, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (bytes: Buffer) => (out += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => {
    err += bytes.toString();
    onOutput(err, () => child.kill('SIGINT'));
  });
  return new Promise((done) =>
    child.on('close', (code) => {
      for (const secret of [PASSWORD, encodeURIComponent(PASSWORD)]) expect(out + err).not.toContain(secret);
      done({ code, out, err });
    }),
  );
}

beforeAll(async () => {
  database = await createDatabase();
  await database.client.query(`create role cli_reader login bypassrls password '${PASSWORD}'; grant pg_read_all_data to cli_reader;
    create table "Über" (id int, note text, price numeric(10,2)); create table empty (id int);
    insert into "Über" values (1, E'two\\nlines, "quoted"', 9.90), (2, null, null), (3, '', 1e3), (4, E'tab\\tand \\\\ back', -0.5);
    create schema zone; create table zone.empty (day date); insert into zone.empty values ('2026-11-24')`);
  const address = new URL(database.url);
  address.username = 'cli_reader';
  address.password = encodeURIComponent(PASSWORD);
  url = address.href;
});
beforeEach(async () => {
  folder = await newFolder();
});
afterAll(async () => {
  await database.client.query('drop owned by cli_reader; drop role cli_reader');
  await database.drop();
});

describe('what is not understood', () => {
  it.each([
    [[], 'Which command?'],
    [['restore'], 'There is no command “restore”.'],
    [['constructor'], 'There is no command “constructor”.'],
    [['backup', '--out', 'x.xlsx'], '--database-url is missing.'],
    [['backup', '--database-url', 'postgres://h/d'], '--out is missing.'],
    [['backup', '--database-url', 'postgres://h/d', '--out', 'x.zip'], '--out must end in .xlsx.'],
    [['backup', '--database-url', 'postgres://h/d', '--out', 'x.xlsx', '--sheet-cells', 'many'], '--sheet-cells must be a whole number'],
    [['backup', 'now', '--database-url', 'postgres://h/d', '--out', 'x.xlsx'], '“now” is one word too many.'],
    [['ls'], 'ls wants one file or folder.'],
    [['extract', 'x.xlsx'], 'extract wants a file and a table.'],
    [['backup', '--verbose'], 'verbose'],
  ])('%j ends with 2 and says why and how', async (words, why) => {
    const { code, out, err } = await paliad(words);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toContain(why);
    expect(err).toContain('npm run paliad -- --help');
  });

  it('--help shows how, on stdout, and ends with 0', async () => {
    const { code, out, err } = await paliad(['--help']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^Exit code: 0 done, 1 failed.*, 2 not understood, 130 interrupted\.$/m);
  });
});

describe('a backup, its list and its tables', () => {
  it('is written where the command was typed, told in words, listed, and gives back what the database holds', async () => {
    const made = await paliad(['backup', '--database-url', url, '--out', 'sub.xlsx', '--exclude-data', 'public.empty']);
    expect(made).toMatchObject({ code: 0, out: expect.stringContaining(`${folder}/sub.xlsx\n  3 tables, 5 rows, `) });
    expect(await readdir(folder)).toEqual(['sub.xlsx']);

    const tables = await paliad(['ls', 'sub.xlsx']);
    expect(tables.code).toBe(0);
    expect(tables.out).toMatch(/^public\.Über +4 /m);
    expect(tables.out).toMatch(/^public\.empty +left out by setting/m);

    for (const out of ['one.copy', 'one.csv', 'one.xlsx']) {
      expect(await paliad(['extract', 'sub.xlsx', 'Über', '--out', out])).toMatchObject({
        code: 0,
        out: expect.stringContaining('public.Über: 4 rows'),
      });
    }
    const copied = (await readFile(join(folder, 'one.copy'), 'utf8')).split('\n').slice(0, -1).sort();
    expect(copied).toEqual(await linesOf(database.client, '"Über"'));
    await expectCsv();
    const book = new ExcelJs.Workbook();
    await book.xlsx.readFile(join(folder, 'one.xlsx'));
    const rows = book.getWorksheet('Über')?.getSheetValues().slice(2);
    expect(rows).toEqual([
      [undefined, 1, 'two\nlines, "quoted"', 9.9],
      [undefined, 2],
      [undefined, 3, undefined, 1000],
      [undefined, 4, 'tab\tand \\ back', -0.5],
    ]);

    expect(await paliad(['extract', 'sub.xlsx', 'public.empty', '--out', 'no.csv'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('TABLE_NOT_IN_BACKUP'),
    });
    expect(await paliad(['extract', 'sub.xlsx', 'gone', '--out', 'no.csv'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('zone.empty'),
    });
    expect(await paliad(['extract', 'sub.xlsx', 'Über', '--out', 'no.pdf'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('.xlsx, .csv or .copy'),
    });
    expect((await readdir(folder)).sort()).toEqual(['one.copy', 'one.csv', 'one.xlsx', 'sub.xlsx']);
  });

  /** The database's own COPY reads the CSV back and finds the same rows. */
  async function expectCsv(): Promise<void> {
    await database.client.query('create temporary table back (like "Über")');
    const csv = await readFile(join(folder, 'one.csv'), 'utf8');
    const { from } = await import('pg-copy-streams');
    const { pipeline } = await import('node:stream/promises');
    await pipeline([csv.replace(/^\uFEFF/, '')], database.client.query(from('copy back from stdin (format csv, header)')));
    expect(await linesOf(database.client, 'back')).toEqual(await linesOf(database.client, '"Über"'));
  }

  it('speaks JSON alone on stdout when asked', async () => {
    const made = await paliad(['backup', '--database-url', url, '--out', 'a.xlsx', '--schema', 'zone', '--json']);
    expect(made.code).toBe(0);
    expect(JSON.parse(made.out)).toMatchObject({
      file: `${folder}/a.xlsx`,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      rowCounts: { 'zone.empty': 1 },
    });
    expect(JSON.parse((await paliad(['ls', 'a.xlsx', '--json'])).out)).toMatchObject({ tables: [{ table: 'zone.empty', rows: 1 }] });
    const failed = await paliad(['backup', '--database-url', url, '--out', 'b.xlsx', '--schema', 'gone', '--json']);
    expect(failed.code).toBe(1);
    expect(JSON.parse(failed.out)).toMatchObject({ error: { code: 'SCHEMA_NOT_FOUND', detail: expect.stringContaining('gone') } });
    expect(failed.err).toContain('A schema that should be backed up does not exist.');
  });

  it('a folder is listed with what is broken or foreign in it, by name', async () => {
    await paliad(['backup', '--database-url', url, '--out', 'good.xlsx']);
    const whole = await readFile(join(folder, 'good.xlsx'));
    await writeFile(join(folder, 'cut.xlsx'), whole.subarray(0, whole.length / 2));
    const book = new ExcelJs.Workbook();
    book.addWorksheet('Budget').addRow([1, 2]);
    await book.xlsx.writeFile(join(folder, 'foreign.xlsx'));
    const { code, out } = await paliad(['ls', '.', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out).files).toMatchObject([
      { file: join(folder, 'cut.xlsx'), error: 'NOT_A_BACKUP' },
      { file: join(folder, 'foreign.xlsx'), error: 'NOT_A_BACKUP' },
      { file: join(folder, 'good.xlsx'), tables: 3 },
    ]);
    expect((await paliad(['ls', '.'])).out).toMatch(/This file is not a backup\..*cut\.xlsx\n.*foreign\.xlsx\n.*good\.xlsx\n$/s);
    expect(await paliad(['ls', 'foreign.xlsx'])).toMatchObject({ code: 1, out: '', err: expect.stringContaining('NOT_A_BACKUP') });
    expect(await paliad(['ls', 'gone.xlsx'])).toMatchObject({ code: 1, out: '', err: expect.stringContaining('gone.xlsx') });
  });
});

describe('a backup that fails', () => {
  it('ends with 1, says in words why and what to do, and leaves nothing', async () => {
    const wrong = url.replace('cli_reader:', 'cli_reader:x');
    const { code, out, err } = await paliad(['backup', '--database-url', wrong, '--out', 'a.xlsx']);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/refused the user name or password\.\n {2}.*cli_reader.*\n {2}Check both.*\n {2}\(SOURCE_AUTH_FAILED\)\n$/);
    expect(await readdir(folder)).toEqual([]);
  });

  it('an existing file is never written over', async () => {
    await writeFile(join(folder, 'a.xlsx'), 'mine');
    const { code, err } = await paliad(['backup', '--database-url', url, '--out', 'a.xlsx']);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('ARTIFACT_EXISTS') });
    expect(await readFile(join(folder, 'a.xlsx'), 'utf8')).toBe('mine');
    expect(await readdir(folder)).toEqual(['a.xlsx']);
  });

  it('Ctrl-C ends it with 130 and leaves nothing, here or on the server', async () => {
    await createBulk(database.client, 200_000);
    const { code, err } = await paliad(['backup', '--database-url', url, '--out', 'a.xlsx', '--sheet-cells', '1000'], (text, interrupt) => {
      if (text.includes('public.bulk')) interrupt();
    });
    expect({ code, err }).toEqual({ code: 130, err: expect.stringContaining('RUN_CANCELLED') });
    expect(await readdir(folder)).toEqual([]);
    await expectNoSessions(database.client);
    await database.client.query('drop table bulk');
  });
});
