import Link from 'next/link';
import { classes } from '../../../_lib/classes.ts';
import { type CatalogSearch, searchHref } from '../_lib/search.ts';

const STATES: readonly (readonly [CatalogSearch['state'], string])[] = [
  ['all', 'All'],
  ['done', 'Done'],
  ['failed', 'Failed'],
  ['open', 'Open'],
  ['cleaned-up', 'Cleaned up'],
];
const KINDS: readonly (readonly [CatalogSearch['kind'], string])[] = [
  ['all', 'Any kind'],
  ['scheduled', 'Scheduled'],
  ['on-demand', 'On demand'],
];

/** The filters as links: they work without JavaScript, and the address can be sent to somebody. */
export function Filters({ search }: { search: CatalogSearch }) {
  return (
    <div className="flex flex-wrap items-center gap-2">
      <Segments
        label="State"
        choices={STATES.map(([state, word]) => ({
          word,
          href: searchHref({ ...search, state, page: 1 }),
          isCurrent: search.state === state,
        }))}
      />
      <Segments
        label="Kind"
        choices={KINDS.map(([kind, word]) => ({ word, href: searchHref({ ...search, kind, page: 1 }), isCurrent: search.kind === kind }))}
      />
    </div>
  );
}

type Choice = { readonly word: string; readonly href: ReturnType<typeof searchHref>; readonly isCurrent: boolean };

function Segments({ label, choices }: { label: string; choices: readonly Choice[] }) {
  return (
    <nav aria-label={label} className="flex max-w-full overflow-x-auto rounded-lg border bg-rail p-0.5">
      {choices.map(({ word, href, isCurrent }) => (
        <Link
          key={word}
          href={href}
          prefetch={false}
          scroll={false}
          aria-current={isCurrent ? 'true' : undefined}
          className={classes(
            'rounded-md border border-transparent px-2.5 py-1 text-sm whitespace-nowrap text-soft transition-colors hover:text-ink max-md:py-2',
            isCurrent && 'border-line bg-raised font-medium text-ink',
          )}
        >
          {word}
        </Link>
      ))}
    </nav>
  );
}
