import { CircleSlash, Scissors, Sheet } from 'lucide-react';
import type { Metadata } from 'next';
import type { ReactNode } from 'react';
import type { BackupContents } from '#lib/runner/describe.ts';
import { FailurePanel } from '../../../../_components/failure-panel.tsx';
import { classes } from '../../../../_lib/classes.ts';
import { formatBytes, formatCount } from '../../../../_lib/format.ts';
import { readerLocale } from '../../../../_lib/locale.ts';
import { loadBackup, loadContents } from '../../_lib/one.ts';

export const metadata: Metadata = { title: 'Tables of a backup' };

type Table = BackupContents['tables'][number];

/** Which tables the backup holds, how many rows of each, and which of them the sheets show. */
export default async function TablesPage({ params }: PageProps<'/admin/backups/[id]/tables'>) {
  const [{ id }, locale] = await Promise.all([params, readerLocale()]);
  const backup = await loadBackup(id);
  if (backup.failure !== null) return null; // the layout says it
  if (backup.data.state === 'done') {
    const contents = await loadContents(backup.data.storageUri);
    if (contents.failure === null) {
      return (
        <div className="grid gap-3">
          <TableList tables={contents.data.tables} locale={locale} />
          <Views views={contents.data.views} />
        </div>
      );
    }
    return (
      <div className="grid gap-6">
        <FailurePanel failure={contents.failure} />
        <CountList rowCounts={backup.data.rowCounts} locale={locale} />
      </div>
    );
  }
  if (backup.data.state === 'cleaned_up') return <CountList rowCounts={backup.data.rowCounts} locale={locale} />;
  return (
    <p className="rounded-lg border border-dashed px-6 py-12 text-center text-soft">
      {backup.data.state === 'failed' ? 'This backup failed: it holds no tables.' : 'The tables are listed here when the backup is done.'}
    </p>
  );
}

/** Views hold no rows of their own: a line says that they are not forgotten. */
function Views({ views }: { views: readonly string[] }) {
  if (views.length === 0) return null;
  return (
    <p className="text-sm text-soft">
      {`${views.length === 1 ? 'One view' : `${views.length} views`}, kept as ${views.length === 1 ? 'its definition' : 'definitions'}: `}
      <span className="font-mono break-words">{views.join(', ')}</span>
    </p>
  );
}

function TableList({ tables, locale }: { tables: readonly Table[]; locale: string }) {
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const bytes = tables.reduce((sum, table) => sum + table.sizeBytes, 0);
  return (
    <Framed
      summary={`${formatCount(tables.length, locale)} tables · ${formatCount(rows, locale)} rows · ${formatBytes(bytes, locale)} of data`}
    >
      <thead className="border-b bg-rail text-sm text-soft">
        <tr>
          <Head>Table</Head>
          <Head isNumber>Rows</Head>
          <Head isNumber className="max-sm:hidden">
            Data
          </Head>
          <Head className="max-md:hidden">In the sheets</Head>
        </tr>
      </thead>
      <tbody>
        {tables.map((table) => (
          <tr key={`${table.schema}.${table.name}`} className="border-b last:border-b-0 hover:bg-hover">
            <td className={CELL}>
              <Name schema={table.schema} name={table.name} />
              <span className="block text-sm md:hidden">
                <Shown table={table} locale={locale} />
              </span>
            </td>
            <td className={classes(CELL, 'text-right whitespace-nowrap')}>{formatCount(table.rows, locale)}</td>
            <td className={classes(CELL, 'text-right whitespace-nowrap max-sm:hidden')}>{formatBytes(table.sizeBytes, locale)}</td>
            <td className={classes(CELL, 'max-md:hidden')}>
              <Shown table={table} locale={locale} />
            </td>
          </tr>
        ))}
      </tbody>
    </Framed>
  );
}

/** Whether a person finds the table's rows in the workbook's sheets. The parts behind the sheets hold all of them in any case. */
function Shown({ table, locale }: { table: Table; locale: string }) {
  if (table.isDataLeftOut) {
    return (
      <Mark Icon={CircleSlash} className="text-warn">
        Rows left out on purpose
      </Mark>
    );
  }
  if (table.sheet === null) {
    return (
      <Mark Icon={CircleSlash} className="text-soft">
        No sheet; all rows are in the file
      </Mark>
    );
  }
  if (table.rowsShown < table.rows) {
    return (
      <Mark Icon={Scissors} className="text-warn">
        {`Sheet shows the first ${formatCount(table.rowsShown, locale)}; all rows are in the file`}
      </Mark>
    );
  }
  return (
    <Mark Icon={Sheet} className="text-soft">
      {`Sheet “${table.sheet}”`}
    </Mark>
  );
}

function Mark({ Icon, className, children }: { Icon: typeof Sheet; className: string; children: ReactNode }) {
  return (
    <span className={classes('inline-flex items-center gap-1.5', className)}>
      <Icon aria-hidden="true" className="size-4 shrink-0" />
      {children}
    </span>
  );
}

/** The counts that the catalog keeps, for backups whose file cannot be read. */
function CountList({ rowCounts, locale }: { rowCounts: Readonly<Record<string, number>>; locale: string }) {
  const counts = Object.entries(rowCounts);
  if (counts.length === 0)
    return (
      <p className="rounded-lg border border-dashed px-6 py-12 text-center text-soft">The catalog has no row counts of this backup.</p>
    );
  return (
    <Framed summary={`${formatCount(counts.length, locale)} tables, as the catalog noted them`}>
      <thead className="border-b bg-rail text-sm text-soft">
        <tr>
          <Head>Table</Head>
          <Head isNumber>Rows</Head>
        </tr>
      </thead>
      <tbody>
        {counts.map(([name, rows]) => (
          <tr key={name} className="border-b last:border-b-0 hover:bg-hover">
            <td className={CELL}>
              <Name schema={name.split('.', 1)[0]} name={name.slice(name.indexOf('.') + 1)} />
            </td>
            <td className={classes(CELL, 'text-right')}>{formatCount(rows, locale)}</td>
          </tr>
        ))}
      </tbody>
    </Framed>
  );
}

const CELL = 'h-10 px-3 py-1.5';

function Framed({ summary, children }: { summary: string; children: ReactNode }) {
  return (
    <div className="grid gap-3">
      <p className="text-sm text-soft">{summary}</p>
      <div className="overflow-x-auto rounded-lg border">
        <table className="w-full border-collapse text-left">{children}</table>
      </div>
    </div>
  );
}

function Head({ children, isNumber = false, className }: { children: ReactNode; isNumber?: boolean; className?: string }) {
  return (
    <th scope="col" className={classes('h-9 px-3 font-medium whitespace-nowrap', isNumber && 'text-right', className)}>
      {children}
    </th>
  );
}

function Name({ schema, name }: { schema: string; name: string }) {
  return (
    <span className="font-mono text-sm break-all">
      <span className="text-soft">{schema}.</span>
      {name}
    </span>
  );
}
