import type { ReactNode } from 'react';
import { CopyButton } from '../../../_components/copy-button.tsx';

/** A framed list of facts under a title. */
export function FactList({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="min-w-0 rounded-lg border">
      <h2 className="flex h-10 items-center border-b bg-rail px-4 text-sm font-medium first:rounded-t-lg">{title}</h2>
      <dl className="divide-y">{children}</dl>
    </section>
  );
}

/** One fact: its name, its value. */
export function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="grid min-h-10 grid-cols-[7.5rem_1fr] items-center gap-x-4 px-4 max-sm:grid-cols-[6.5rem_1fr] max-sm:gap-x-2 py-2">
      <dt className="self-start leading-6 text-soft">{label}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </div>
  );
}

/** An id, a hash or an address: in full for the clipboard, in one line for the eye. */
export function CopyText({ text, label }: { text: string; label: string }) {
  return (
    <span className="-my-1 flex min-w-0 items-center gap-1">
      <span className="truncate font-mono text-sm" title={text}>
        {text}
      </span>
      <CopyButton text={text} label={label} />
    </span>
  );
}
