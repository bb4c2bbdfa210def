import { DatabaseBackup } from 'lucide-react';
import type { ReactNode } from 'react';

/** A page outside the console's frame: the mark on top, one narrow column below. */
export function PlainPage({ children }: { children: ReactNode }) {
  return (
    <main className="mx-auto flex min-h-dvh w-full max-w-sm flex-col justify-center px-5 py-12">
      <div className="mb-8">
        <Mark />
      </div>
      {children}
    </main>
  );
}

/** The product's mark and name. */
export function Mark() {
  return (
    <span className="inline-flex items-center gap-2.5 font-semibold tracking-tight">
      <span className="grid size-7 place-items-center rounded-md bg-ink text-canvas">
        <DatabaseBackup aria-hidden="true" className="size-4" />
      </span>
      Backup Mode
    </span>
  );
}
