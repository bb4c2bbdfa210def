import type pg from 'pg';
import { tableLabel } from '#lib/backup/manifest.ts';

/** A partitioned table or another parent of tables, and one of its children. */
export type Descent = { readonly parent: number; readonly child: number };

type Member = { readonly oid: number; readonly schema: string; readonly name: string; readonly kind: string };

const DESCENTS = `
  select i.inhparent::int8::float8 as "parent", i.inhrelid::int8::float8 as "child"
    from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhparent where c.relkind in ('r', 'p') order by 1, 2`;

/** Who descends from whom, one generation a row. */
export async function listDescents(client: pg.Client): Promise<Descent[]> {
  return (await client.query<Descent>(DESCENTS)).rows;
}

/** The names with each partitioned table among them replaced by the tables that hold its rows. Unknown names stay as they are. */
export function withLeaves(labels: readonly string[], relations: readonly Member[], descents: readonly Descent[]): string[] {
  const children = Map.groupBy(descents, ({ parent }) => parent);
  const byOid = new Map(relations.map((relation) => [relation.oid, relation]));
  const leavesOf = (relation: Member): string[] =>
    relation.kind === 'p'
      ? (children.get(relation.oid) ?? []).flatMap(({ child }) => {
          const found = byOid.get(child);
          return found === undefined ? [] : leavesOf(found);
        })
      : [tableLabel(relation)];
  const parted = new Map(relations.filter(({ kind }) => kind === 'p').map((relation) => [tableLabel(relation), relation]));
  return labels.flatMap((label) => {
    const relation = parted.get(label);
    return relation === undefined ? [label] : leavesOf(relation);
  });
}

/** A sentence for each covered table that has children in schemas which are not covered: what it shows there is not in the backup. */
export function notWhole(
  relations: readonly Member[],
  descents: readonly Descent[],
  covered: readonly string[],
  excludedData: readonly string[],
): string[] {
  const byOid = new Map(relations.map((relation) => [relation.oid, relation]));
  const children = Map.groupBy(descents, ({ parent }) => parent);
  return relations.flatMap((parent) => {
    if (!covered.includes(parent.schema) || excludedData.includes(tableLabel(parent))) return [];
    const outside = (children.get(parent.oid) ?? [])
      .map(({ child }) => byOid.get(child))
      .filter((child) => child !== undefined && !covered.includes(child.schema))
      .map((child) => (child === undefined ? '' : tableLabel(child)));
    if (outside.length === 0) return [];
    const isOne = outside.length === 1;
    const kind = parent.kind === 'p' ? 'partition' : 'child table';
    const whose = `its ${kind}${isOne ? '' : 's'} ${some(outside)}`;
    return [`${tableLabel(parent)} is not whole: ${whose} ${isOne ? 'lies in a schema that is' : 'lie in schemas that are'} not covered.`];
  });
}

const NAMED_AT_MOST = 10;

function some(names: readonly string[]): string {
  const more = names.length - NAMED_AT_MOST;
  return more <= 0 ? names.join(', ') : `${names.slice(0, NAMED_AT_MOST).join(', ')} and ${more} more`;
}
