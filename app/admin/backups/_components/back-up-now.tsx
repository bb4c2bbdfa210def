'use client';

import { DatabaseBackup, LoaderCircle } from 'lucide-react';
import { useActionState, useEffect } from 'react';
import { toast } from 'sonner';
import { Button } from '../../../_components/button.tsx';
import { FailurePanel } from '../../../_components/failure-panel.tsx';
import { backUpNow } from '../actions.ts';

/**
 * The one main action of the page. Answers at once with a state; `nonce` is this page's, so that two clicks are one
 * wish. While a backup is open the button says so instead of asking again.
 */
export function BackUpNow({ nonce, isOpen }: { nonce: string; isOpen: boolean }) {
  const [result, ask, isPending] = useActionState(backUpNow, {});
  const { data, serverError } = result;
  useEffect(() => {
    if (data?.isNew === true)
      toast.success('The backup has been asked for.', { description: 'It starts in a moment; this page follows it.' });
    if (data?.isNew === false) toast.info('It was asked for already.', { description: 'No second backup is made.' });
  }, [data]);
  const isBusy = isPending || isOpen;
  return (
    <>
      <form action={ask} className="max-sm:w-full">
        <input type="hidden" name="nonce" value={nonce} />
        <Button type="submit" look="primary" disabled={isBusy} className="min-w-38 max-sm:h-11 max-sm:w-full">
          {isBusy ? <LoaderCircle aria-hidden="true" className="animate-spin" /> : <DatabaseBackup aria-hidden="true" />}
          {isPending ? 'Starting…' : isOpen ? 'Backing up…' : 'Back up now'}
        </Button>
      </form>
      {serverError === undefined || isPending ? null : (
        <div className="basis-full">
          <FailurePanel failure={serverError} />
        </div>
      )}
    </>
  );
}
