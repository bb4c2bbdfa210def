'use client';

import { Button } from '../../_components/button.tsx';
import { FailurePanel } from '../../_components/failure-panel.tsx';

/** A fault in drawing a page: said in place, inside the frame. */
export default function BackupsError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <div className="grid gap-6">
      <h1 className="text-2xl font-semibold tracking-tight">This page could not be drawn.</h1>
      <FailurePanel
        failure={{
          code: null,
          title: 'Something unexpected went wrong.',
          hint: 'Backups go on without this page. Try again; if it stays, report it with the reference.',
          detail: '',
          reference: error.digest ?? null,
        }}
      >
        <Button size="sm" onClick={reset}>
          Try again
        </Button>
      </FailurePanel>
    </div>
  );
}
