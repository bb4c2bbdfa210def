import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseManifest } from '#lib/backup/manifest.ts';
import { examineDatabase } from '#lib/runner/doctor.ts';
import { createDatabase, type TestDatabase } from '#tests/support/postgres.ts';
import { backUpInTest, EVERYTHING, failureOf, rowCounts } from './backing-up.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
  await database.client.query(`
    create schema app; create schema archive;
    create table app.events (id int) partition by range (id);
    create table app.e1 partition of app.events for values from (0) to (10);
    create table archive.e2 partition of app.events for values from (10) to (20) partition by list (id);
    create table archive.e2_10 partition of archive.e2 for values in (10); create table archive.e2_rest partition of archive.e2 default;
    insert into app.events select i from generate_series(1, 15) i;
    create table app.person (id int); create table archive.old_person () inherits (app.person); insert into archive.old_person values (1);
    create table app.settings (key text); create table app.own_rows (id int, is_ours boolean); create table app.standard (id int);
    insert into app.settings values ('mine'); insert into app.own_rows values (1, true); insert into app.standard values (1);
    alter extension plpgsql add table app.settings; alter extension plpgsql add table app.own_rows; alter extension plpgsql add table app.standard;
    update pg_extension set extconfig = array['app.settings'::regclass::oid, 'app.own_rows'::regclass::oid],
           extcondition = array['', 'where not is_ours'] where extname = 'plpgsql'`);
});
afterAll(() => database.drop());

const without = (...schemas: string[]) => ({ ...EVERYTHING, excludedSchemas: schemas });
const EVENTS = 'app.events is not whole: its partition archive.e2 lies in a schema that is not covered.';
const PERSON = 'app.person is not whole: its child table archive.old_person lies in a schema that is not covered.';
const SETTINGS = 'The rows of app.settings are not in a backup: it belongs to the extension plpgsql.';

describe('what looks covered and is not', () => {
  it('a table whose children lie in a schema that is left out is named with them', async () => {
    const made = await backUpInTest(database.url, { coverage: without('archive') });
    expect(rowCounts(made)).toEqual({ 'app.e1': 9, 'app.person': 0 });
    expect(made.manifest.warnings).toEqual([EVENTS, PERSON, SETTINGS]);
    const chosen = await backUpInTest(database.url, { coverage: { ...EVERYTHING, schemas: ['app'] } });
    expect(chosen.manifest.warnings).toEqual([EVENTS, PERSON, SETTINGS]);
  });

  it('nothing is said of a table that is whole, or whose rows are left out anyway', async () => {
    const whole = await backUpInTest(database.url);
    expect(whole.manifest.warnings).toEqual([SETTINGS]);
    const none = await backUpInTest(database.url, { coverage: { ...without('archive'), excludedData: ['app.events', 'app.person'] } });
    expect(none.manifest.warnings).toEqual([SETTINGS]);
  });

  it('tables of extensions are listed; people’s rows in them are warned of, the extension’s own are not', async () => {
    const { manifest } = await backUpInTest(database.url);
    expect(manifest.notCovered.extensionTables).toEqual(['own_rows', 'settings', 'standard'].map((name) => ({ schema: 'app', name })));
    await database.client.query('update app.own_rows set is_ours = false');
    expect((await backUpInTest(database.url)).manifest.warnings).toEqual([SETTINGS.replace('settings', 'own_rows'), SETTINGS]);
    await database.client.query('update app.own_rows set is_ours = true');
  });

  it('a backup from before they were listed is read as one without', async () => {
    const { manifest } = await backUpInTest(database.url);
    const older = JSON.stringify({ ...manifest, notCovered: { ...manifest.notCovered, extensionTables: undefined } });
    expect(parseManifest(older).notCovered.extensionTables).toEqual([]);
  });

  it('the doctor says the same before the first backup', async () => {
    const { findings } = await examineDatabase(database.url, without('archive'), new AbortController().signal);
    const warnings = findings.filter(({ level }) => level === 'warn').map(({ title }) => title);
    expect(warnings).toEqual(expect.arrayContaining([EVENTS, PERSON, SETTINGS]));
  });
});

describe('leaving out the rows of a partitioned table', () => {
  it('leaves out every partition of every level, and keeps their definitions', async () => {
    const made = await backUpInTest(database.url, { coverage: { ...EVERYTHING, excludedData: ['app.events'] } });
    expect(rowCounts(made)).toMatchObject({ 'app.e1': null, 'archive.e2_10': null, 'archive.e2_rest': null, 'app.person': 0 });
    const part = await backUpInTest(database.url, { coverage: { ...EVERYTHING, excludedData: ['archive.e2'] } });
    expect(rowCounts(part)).toMatchObject({ 'app.e1': 9, 'archive.e2_10': null, 'archive.e2_rest': null });
  });

  it('by a name that is not there is still refused', async () => {
    const failure = await failureOf(backUpInTest(database.url, { coverage: { ...EVERYTHING, excludedData: ['app.event'] } }));
    expect(failure).toMatchObject({ code: 'TABLE_NOT_FOUND' });
  });
});
