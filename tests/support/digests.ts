import { createHash, randomUUID } from 'node:crypto';
import { withClient } from './postgres.ts';
import { run } from './programs.ts';

const SETTINGS =
  "-c datestyle=ISO,YMD -c timezone=UTC -c intervalstyle=postgres -c extra_float_digits=1 -c lc_monetary=C -c search_path=''";

const TABLES = `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'r' and n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema' order by 1`;

/**
 * Rows and contents of every table, whatever their order: the md5 of the sorted lines of its COPY text, as psql prints it.
 * Nothing of the product has a hand in it.
 */
export async function digestsOf(url: string): Promise<Record<string, string>> {
  const names = await withClient(url, async (client) => (await client.query(TABLES)).rows.map((row): string => row.name));
  const mark = randomUUID();
  const commands = names.flatMap((name) => ['-c', `copy ${name} to stdout`, '-c', `\\echo ${mark}`]);
  const env = { ...process.env, PGOPTIONS: SETTINGS, PGCLIENTENCODING: 'UTF8' };
  const texts = (await run('psql', [url, '-X', '-q', ...commands], { env })).split(`${mark}\n`);
  return Object.fromEntries(
    names.map((name, n) => {
      const lines = texts[n].split('\n').slice(0, -1).sort();
      return [name, `${lines.length} rows, ${createHash('md5').update(lines.join('\n')).digest('hex')}`];
    }),
  );
}

const STRUCTURE = `
  select 'column' as kind, format('%s %s %s %s %s', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull,
      pg_get_expr(adbin, adrelid)) as text
    from pg_attribute a join pg_class c on c.oid = attrelid left join pg_attrdef d on adrelid = attrelid and adnum = attnum
    where attnum > 0 and not attisdropped and relkind = 'r' and @covered
  union all select 'constraint', format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(k.oid))
    from pg_constraint k join pg_class c on c.oid = conrelid where contype <> 'n' and @covered
  union all select 'index', pg_get_indexdef(indexrelid) from pg_index join pg_class c on c.oid = indrelid where @covered
  union all select 'trigger', pg_get_triggerdef(t.oid) from pg_trigger t join pg_class c on c.oid = tgrelid where not tgisinternal and @covered
  union all select 'policy', format('%s %s %s %s', polrelid::regclass, polname, pg_get_expr(polqual, polrelid), polroles::regrole[])
    from pg_policy join pg_class c on c.oid = polrelid where @covered
  union all select 'view', format('%s %s', c.oid::regclass, pg_get_viewdef(c.oid)) from pg_class c where relkind = 'v' and @covered
  union all select 'sequence', format('%s %s', seqrelid::regclass, pg_sequence_last_value(seqrelid))
    from pg_sequence join pg_class c on c.oid = seqrelid where @covered
  order by 1, 2`;
const COVERED = "c.relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema', 'pg_toast', 'auth')";

/** Columns, keys, indexes, triggers, policies, views and where sequences stand, each as Postgres words it. */
export async function structureOf(url: string): Promise<string[]> {
  return withClient(url, async (client) => {
    await client.query("set search_path = ''");
    const { rows } = await client.query(STRUCTURE.replaceAll('@covered', COVERED));
    return rows.map((row) => `${row.kind}: ${row.text}`);
  });
}
