import * as z from 'zod';

const StateFilter = z.enum(['all', 'done', 'failed', 'open', 'cleaned-up']);
const KindFilter = z.enum(['all', 'scheduled', 'on-demand']);
const SortBy = z.enum(['started', 'size', 'who', 'kind']);

/** What the address says about the list: filter, order and page. Anything malformed falls back to its default. */
const Search = z.object({
  state: StateFilter.default('all').catch('all'),
  kind: KindFilter.default('all').catch('all'),
  sort: SortBy.default('started').catch('started'),
  order: z.enum(['desc', 'asc']).default('desc').catch('desc'),
  page: z.coerce.number().int().min(1).max(100_000).default(1).catch(1),
});

/** Filter, order and page of the list. */
export type CatalogSearch = z.infer<typeof Search>;

/** The search of an address; never throws. */
export function parseSearch(parameters: unknown): CatalogSearch {
  return Search.parse(parameters);
}

/** The address of the list for `search`; what is at its default is left out. */
export function searchHref(search: Partial<CatalogSearch>): `/admin/backups?${string}` | '/admin/backups' {
  const defaults = Search.parse({});
  const query = new URLSearchParams();
  for (const key of ['state', 'kind', 'sort', 'order', 'page'] as const) {
    const value = search[key];
    if (value !== undefined && value !== defaults[key]) query.set(key, String(value));
  }
  return query.size === 0 ? '/admin/backups' : `/admin/backups?${query.toString()}`;
}
