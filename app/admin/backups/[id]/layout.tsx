import { ChevronLeft } from 'lucide-react';
import Link from 'next/link';
import type { ReactNode } from 'react';
import type { Backup } from '#lib/backup/backup.ts';
import { isOpen } from '#lib/backup/backup.ts';
import { FailurePanel } from '../../../_components/failure-panel.tsx';
import { Moment } from '../../../_components/moment.tsx';
import { formatBytes } from '../../../_lib/format.ts';
import { readerLocale } from '../../../_lib/locale.ts';
import { DownloadButton } from '../_components/download-button.tsx';
import { LiveRun } from '../_components/live-run.tsx';
import { StateBadge } from '../_components/state-badge.tsx';
import { TabLink } from '../_components/tab-link.tsx';
import { kindWord } from '../_lib/catalog-row.ts';
import { sizeBytes } from '../_lib/facts.ts';
import { liveView } from '../_lib/live.ts';
import { loadBackup } from '../_lib/one.ts';

/** The head of one backup's pages: which one it is, its state, its download, and the tabs. */
export default async function BackupLayout({ params, children }: { params: Promise<{ id: string }>; children: ReactNode }) {
  const { id } = await params;
  const [backup, locale] = await Promise.all([loadBackup(id), readerLocale()]);
  if (backup.failure !== null) return <FailurePanel failure={backup.failure} />;
  return (
    <div className="grid gap-6">
      <Head backup={backup.data} locale={locale} />
      {isOpen(backup.data) ? <LiveRun id={id} initial={liveView(backup.data, Date.now())} /> : null}
      <div>
        <nav aria-label="This backup" className="flex gap-5 border-b">
          <TabLink href={`/admin/backups/${id}`}>Overview</TabLink>
          <TabLink href={`/admin/backups/${id}/tables`}>Tables</TabLink>
        </nav>
        <div className="pt-6">{children}</div>
      </div>
    </div>
  );
}

function Head({ backup, locale }: { backup: Backup; locale: string }) {
  const size = sizeBytes(backup);
  return (
    <header>
      <Link href="/admin/backups" className="-ml-1 inline-flex min-h-6 items-center gap-1 rounded-sm text-sm text-soft hover:text-ink">
        <ChevronLeft aria-hidden="true" className="size-4" />
        Backups
      </Link>
      <div className="mt-3 flex flex-wrap items-start justify-between gap-x-8 gap-y-4">
        <div className="min-w-0">
          <h1 className="text-2xl font-semibold tracking-tight">
            Backup of <Moment at={backup.startedAt} as="absolute" />
          </h1>
          <p className="mt-1 flex flex-wrap items-center gap-x-3 gap-y-1 text-soft">
            <StateBadge state={backup.state} />
            <span>{kindWord(backup)}</span>
            {size === null ? null : <span>{formatBytes(size, locale)}</span>}
          </p>
        </div>
        {backup.state === 'done' ? <DownloadButton id={backup.id} size={size === null ? null : formatBytes(size, locale)} /> : null}
      </div>
    </header>
  );
}
