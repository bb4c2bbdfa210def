/** A name as an SQL identifier: quoted always, so that no name is special (PostgreSQL manual, "Identifiers"). */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** `"schema"."table"` */
export function qualified(table: { readonly schema: string; readonly name: string }): string {
  return `${quoted(table.schema)}.${quoted(table.name)}`;
}

/** A text as an SQL literal; with a backslash as `E'…'`, which every setting of the server reads alike. */
export function literal(text: string): string {
  const doubled = `'${text.replaceAll("'", "''")}'`;
  return text.includes('\\') ? ` E${doubled.replaceAll('\\', '\\\\')}` : doubled;
}
