import { Bone } from '../_components/skeleton.tsx';

const ROWS = Array.from({ length: 12 }, (_, index) => index);

/** Places of the final size while the catalog is read. */
export default function BackupsLoading() {
  return (
    <div className="grid gap-6" role="status" aria-label="Reading the backups">
      <h1 className="sr-only">Backups</h1>
      <div className="flex flex-wrap items-start justify-between gap-x-8 gap-y-4">
        <div className="min-w-0 flex-1">
          <Bone className="h-8.5 w-full max-w-md" />
          <Bone className="mt-1 h-5 w-full max-w-sm" />
        </div>
        <Bone className="h-9 w-38 max-sm:h-11 max-sm:w-full" />
      </div>
      <div className="grid gap-px overflow-hidden rounded-lg border bg-line sm:grid-cols-2">
        <div className="h-28 bg-canvas" />
        <div className="h-28 bg-canvas" />
      </div>
      <div className="grid gap-3">
        <Bone className="h-9 w-72" />
        <div className="rounded-lg border">
          <div className="h-9 rounded-t-lg border-b bg-rail" />
          {ROWS.map((row) => (
            <div key={row} className="flex h-10 items-center gap-6 border-b px-3 last:border-b-0 max-md:h-14">
              <Bone className="h-4 w-20" />
              <Bone className="h-4 flex-1" />
              <Bone className="h-4 w-16" />
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}
