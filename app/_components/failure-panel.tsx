import { CircleX } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Failure } from '#lib/action.ts';
import { CopyButton } from './copy-button.tsx';

type Words = Pick<Failure, 'title' | 'hint' | 'detail'> & { readonly code: string | null; readonly reference: string | null };

/** An error in place: what is the matter, what to do, and the details that somebody else can work with. */
export function FailurePanel({ failure, children }: { failure: Words; children?: ReactNode }) {
  const facts = [failure.code, failure.reference === null ? null : `reference ${failure.reference}`]
    .filter((fact) => fact !== null)
    .join(' · ');
  const details = [failure.title, failure.hint, failure.detail, facts].filter((line) => line !== '').join('\n');
  return (
    <section role="alert" className="rounded-lg border border-bad/40 bg-bad-wash p-4">
      <div className="flex gap-3">
        <CircleX aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-bad" />
        <div className="min-w-0 flex-1">
          <h2 className="font-medium">{failure.title}</h2>
          <p className="mt-1 text-soft">{failure.hint}</p>
          {failure.detail === '' ? null : <p className="mt-3 font-mono text-sm break-words whitespace-pre-wrap">{failure.detail}</p>}
          <div className="mt-3 flex flex-wrap items-center gap-x-3 gap-y-2">
            {children}
            <CopyButton text={details} label="Copy details">
              Copy details
            </CopyButton>
            {facts === '' ? null : <span className="font-mono text-xs text-soft">{facts}</span>}
          </div>
        </div>
      </div>
    </section>
  );
}
