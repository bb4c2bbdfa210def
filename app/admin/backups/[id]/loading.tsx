import { Bone } from '../_components/skeleton.tsx';

const CARDS = [8, 10];

/** Places of the final size while a backup's page is read. */
export default function BackupLoading() {
  return (
    <div className="grid items-start gap-6 lg:grid-cols-2" role="status" aria-label="Reading the backup">
      {CARDS.map((rows) => (
        <div key={rows} className="rounded-lg border">
          <div className="h-10 rounded-t-lg border-b bg-rail" />
          {Array.from({ length: rows }, (_, row) => row).map((row) => (
            <div
              key={row}
              className="grid h-10 grid-cols-[7.5rem_1fr] items-center gap-x-4 border-b px-4 last:border-b-0 max-sm:grid-cols-[6.5rem_1fr]"
            >
              <Bone className="h-4 w-16" />
              <Bone className="h-4 w-40 max-w-full" />
            </div>
          ))}
        </div>
      ))}
    </div>
  );
}
