import { randomUUID } from 'node:crypto';
import { Archive } from 'lucide-react';
import type { Metadata } from 'next';
import Link from 'next/link';
import { attempt } from '#lib/action.ts';
import { requireAdminPage } from '#lib/auth.ts';
import { isOpen } from '#lib/backup/backup.ts';
import { buttonLook } from '../../../_components/button.tsx';
import { FailurePanel } from '../../../_components/failure-panel.tsx';
import { readerLocale } from '../../../_lib/locale.ts';
import { BackUpNow } from '../_components/back-up-now.tsx';
import { CatalogTable } from '../_components/catalog-table.tsx';
import { Filters } from '../_components/filters.tsx';
import { KeepFresh } from '../_components/keep-fresh.tsx';
import { LiveRun } from '../_components/live-run.tsx';
import { Pages } from '../_components/pages.tsx';
import { Picture } from '../_components/picture.tsx';
import { StateSentence } from '../_components/state-sentence.tsx';
import { TabStatus } from '../_components/tab-status.tsx';
import { type Catalog, PAGE_SIZE, readCatalog } from '../_lib/catalog.ts';
import { runPoint, sizesBefore } from '../_lib/facts.ts';
import { liveView } from '../_lib/live.ts';
import { type CatalogSearch, parseSearch, searchHref } from '../_lib/search.ts';

export const metadata: Metadata = { title: 'Backups' };

/** How the backups stand, the one action, and the catalog. */
export default async function BackupsPage({ searchParams }: PageProps<'/admin/backups'>) {
  const search = parseSearch(await searchParams);
  const [catalog, locale] = await Promise.all([
    attempt(async () => readCatalog((await requireAdminPage(searchHref(search))).client, search)),
    readerLocale(),
  ]);
  if (catalog.failure !== null) {
    return (
      <div className="grid gap-6">
        <h1 className="text-2xl font-semibold tracking-tight">How the backups stand is not known.</h1>
        <FailurePanel failure={catalog.failure}>
          <a href={searchHref(search)} className={buttonLook({ size: 'sm' })}>
            Try again
          </a>
        </FailurePanel>
      </div>
    );
  }
  return <CatalogView catalog={catalog.data} search={search} locale={locale} />;
}

function CatalogView({ catalog, search, locale }: { catalog: Catalog; search: CatalogSearch; locale: string }) {
  const { sentence, recent, open, page, total } = catalog;
  const nowMs = Date.now();
  const runs = recent
    .filter((backup) => !isOpen(backup))
    .map(runPoint)
    .reverse();
  const isFiltered = search.state !== 'all' || search.kind !== 'all';
  return (
    <div className="grid gap-6">
      <KeepFresh />
      {open.length > 0 ? null : <TabStatus status={sentence.failedSince === null ? 'calm' : 'failed'} />}
      <header className="flex flex-wrap items-start justify-between gap-x-8 gap-y-4">
        <StateSentence facts={sentence} />
        <BackUpNow nonce={randomUUID()} isOpen={open.length > 0} />
      </header>
      {open.map((backup) => (
        <LiveRun key={backup.id} id={backup.id} initial={liveView(backup, nowMs)} isLinked />
      ))}
      {recent.length === 0 ? (
        <NothingYet />
      ) : (
        <>
          {runs.length < 2 ? null : <Picture runs={runs} />}
          <section aria-label="All backups" className="grid gap-3">
            <Filters search={search} />
            {page.length === 0 ? (
              <NothingHere isFiltered={isFiltered} />
            ) : (
              <CatalogTable backups={page} before={sizesBefore(catalog.neighbours)} search={search} />
            )}
            <Pages search={search} total={total} pageSize={PAGE_SIZE} locale={locale} />
          </section>
        </>
      )}
    </div>
  );
}

function NothingYet() {
  return (
    <section className="grid justify-items-center gap-2 rounded-lg border border-edge/50 border-dashed px-6 py-16 text-center">
      <Archive aria-hidden="true" className="mb-2 size-6 text-faint" />
      <h2 className="font-medium">Backups will be listed here</h2>
      <p className="max-w-md text-soft">
        Each one is a workbook that opens in any spreadsheet program and holds the whole database, row for row. “Back up now” makes the
        first.
      </p>
    </section>
  );
}

function NothingHere({ isFiltered }: { isFiltered: boolean }) {
  return (
    <div className="grid justify-items-center gap-3 rounded-lg border border-edge/50 border-dashed px-6 py-12 text-center">
      <p className="text-soft">{isFiltered ? 'No backup matches these filters.' : 'This page of the list is empty.'}</p>
      <Link href="/admin/backups" className={buttonLook({ size: 'sm' })}>
        Show all
      </Link>
    </div>
  );
}
