import { TriangleAlert } from 'lucide-react';
import type { Metadata } from 'next';
import { Suspense } from 'react';
import type { Backup } from '#lib/backup/backup.ts';
import { FailurePanel } from '../../../_components/failure-panel.tsx';
import { Moment } from '../../../_components/moment.tsx';
import { formatBytes, formatCount, formatDuration } from '../../../_lib/format.ts';
import { readerLocale } from '../../../_lib/locale.ts';
import { CopyText, Fact, FactList } from '../_components/fact-list.tsx';
import { Bone } from '../_components/skeleton.tsx';
import { kindWord, whoWord } from '../_lib/catalog-row.ts';
import { durationMs, placeOf, rowsTotal, sizeBytes } from '../_lib/facts.ts';
import { loadBackup, loadContents } from '../_lib/one.ts';
import { refusedDownload } from '../_lib/refused-download.ts';

export const metadata: Metadata = { title: 'Backup' };

/** Everything about one backup: who, when, where, whether it was checked, and what went wrong. */
export default async function OverviewPage({ params, searchParams }: PageProps<'/admin/backups/[id]'>) {
  const [{ id }, search, locale] = await Promise.all([params, searchParams, readerLocale()]);
  const backup = await loadBackup(id);
  if (backup.failure !== null) return null; // the layout says it
  const refused = refusedDownload(search);
  return (
    <div className="grid gap-6">
      {refused === null ? null : <FailurePanel failure={refused} />}
      {backup.data.state === 'failed' ? <FailurePanel failure={{ ...backup.data.error, reference: null }} /> : null}
      <Warnings warnings={backup.data.warnings} />
      <div className="grid items-start gap-6 lg:grid-cols-2">
        <Run backup={backup.data} locale={locale} />
        <Workbook backup={backup.data} locale={locale} />
      </div>
    </div>
  );
}

function Run({ backup, locale }: { backup: Backup; locale: string }) {
  const took = durationMs(backup);
  return (
    <FactList title="The run">
      <Fact label="Asked for by">{whoWord(backup)}</Fact>
      <Fact label="Kind">{kindWord(backup)}</Fact>
      <Fact label="Due">
        <Moment at={backup.dueAt} as="absolute" />
      </Fact>
      <Fact label="Started">
        <Moment at={backup.startedAt} as="absolute" />
      </Fact>
      {'finishedAt' in backup && backup.finishedAt !== null ? (
        <Fact label="Ended">
          <Moment at={backup.finishedAt} as="absolute" />
        </Fact>
      ) : null}
      {took === null ? null : <Fact label="Duration">{formatDuration(took, locale)}</Fact>}
      {backup.attempt > 1 ? <Fact label="Tries">{formatCount(backup.attempt, locale)}</Fact> : null}
      <Fact label="Backup id">
        <CopyText text={backup.id} label="Copy the backup id" />
      </Fact>
      <Fact label="Audit entry">
        {backup.auditId === null ? (
          <span className="text-warn">Could not be written</span>
        ) : (
          <CopyText text={backup.auditId} label="Copy the audit id" />
        )}
      </Fact>
    </FactList>
  );
}

function Workbook({ backup, locale }: { backup: Backup; locale: string }) {
  if (backup.state !== 'done' && backup.state !== 'cleaned_up') return null;
  const rows = rowsTotal(backup);
  const size = sizeBytes(backup);
  return (
    <FactList title="The workbook">
      {size === null ? null : <Fact label="Size">{formatBytes(size, locale)}</Fact>}
      {rows === null ? null : (
        <Fact label="Rows">{`${formatCount(rows, locale)} in ${formatCount(Object.keys(backup.rowCounts).length, locale)} tables`}</Fact>
      )}
      {backup.sheetCount === null ? null : <Fact label="Sheets">{formatCount(backup.sheetCount, locale)}</Fact>}
      {backup.state === 'cleaned_up' ? (
        <Fact label="Cleaned up">
          <span>
            <Moment at={backup.deletedAt} as="absolute" />
            {backup.reason === null ? null : <span className="block text-soft">{backup.reason}</span>}
          </span>
        </Fact>
      ) : (
        <>
          <Fact label="Checked">
            {backup.verifiedAt === null ? <span className="text-soft">Not checked</span> : <Moment at={backup.verifiedAt} as="absolute" />}
          </Fact>
          <Suspense fallback={<SourcePlaces />}>
            <Source storageUri={backup.storageUri} />
          </Suspense>
          <Fact label="Kept on">{placeOf(backup.storageUri)}</Fact>
          <Fact label="Address">
            <CopyText text={backup.storageUri} label="Copy the address" />
          </Fact>
          <Fact label="sha256">{backup.sha256 === null ? 'Not recorded' : <CopyText text={backup.sha256} label="Copy the sha256" />}</Fact>
        </>
      )}
    </FactList>
  );
}

/** What the workbook says about where its data came from. Its file may be gone: then that is what is said. */
async function Source({ storageUri }: { storageUri: string }) {
  const contents = await loadContents(storageUri);
  if (contents.failure !== null) {
    return (
      <Fact label="Its file">
        <span className="text-bad">
          {contents.failure.title} <span className="block text-soft">{contents.failure.hint}</span>
          <span className="block font-mono text-xs text-soft">reference {contents.failure.reference}</span>
        </span>
      </Fact>
    );
  }
  return (
    <>
      <Fact label="Organisation">{contents.data.organisation}</Fact>
      <Fact label="Database">{contents.data.database}</Fact>
      <Fact label="Data as of">
        <Moment at={contents.data.snapshotAt} as="absolute" />
      </Fact>
      <Fact label="Server">PostgreSQL {contents.data.serverVersion}</Fact>
    </>
  );
}

function SourcePlaces() {
  return ['Organisation', 'Database', 'Data as of', 'Server'].map((label) => (
    <Fact key={label} label={label}>
      <Bone className="h-4 w-32" />
    </Fact>
  ));
}

function Warnings({ warnings }: { warnings: readonly string[] }) {
  if (warnings.length === 0) return null;
  return (
    <section className="rounded-lg border border-warn/40 bg-warn-wash p-4">
      <h2 className="flex items-center gap-2 font-medium">
        <TriangleAlert aria-hidden="true" className="size-4 text-warn" />
        {warnings.length === 1 ? '1 warning' : `${warnings.length} warnings`}
      </h2>
      <ul className="mt-2 grid gap-1.5 pl-6">
        {warnings.map((warning, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the list never changes its order, and the same sentence may stand in it twice.
          <li key={index} className="break-words">
            {warning}
          </li>
        ))}
      </ul>
    </section>
  );
}
