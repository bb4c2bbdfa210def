'use client';

import { Dialog } from '@base-ui/react/dialog';
import { type FormEvent, type RefObject, useState } from 'react';
import { toast } from 'sonner';
import { Button, buttonLook } from '../../../_components/button.tsx';
import { TextField } from '../../../_components/text-field.tsx';

const SHORTEST = 3;

type DownloadDialogProps = {
  id: string;
  /** For people, like `4.2 MB`; null when it is not known. */
  size: string | null;
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  /** Where the focus goes when the dialog closes. */
  opener: RefObject<HTMLElement | null>;
};

/** Asks why somebody needs all the data, then lets the browser stream the workbook to disk. The reason goes to the audit log. */
export function DownloadDialog({ id, size, isOpen, onOpenChange, opener }: DownloadDialogProps) {
  const [errors, setErrors] = useState<readonly string[]>([]);

  function start(event: FormEvent<HTMLFormElement>) {
    const reason = new FormData(event.currentTarget).get('reason');
    if (typeof reason !== 'string' || reason.trim().length < SHORTEST) {
      event.preventDefault();
      setErrors(['Say in a few words what it is for.']);
      return;
    }
    setErrors([]);
    // The browser posts the form now and streams the answer to disk; the page stays, the form must until it is sent.
    setTimeout(() => onOpenChange(false), 0);
    toast.success('The download is starting.', { description: 'It is noted in the audit log.' });
  }

  return (
    <Dialog.Root open={isOpen} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-veil transition-opacity data-ending-style:opacity-0 data-starting-style:opacity-0" />
        <Dialog.Popup
          finalFocus={opener}
          className="fixed top-1/2 left-1/2 z-50 w-[26rem] max-w-[calc(100vw-2rem)] -translate-x-1/2 -translate-y-1/2 rounded-lg border bg-raised p-5 text-ink outline-none transition-opacity data-ending-style:opacity-0 data-starting-style:opacity-0"
        >
          <Dialog.Title className="text-lg font-semibold tracking-tight">Download this backup</Dialog.Title>
          <Dialog.Description className="mt-1 text-soft">
            The workbook{size === null ? '' : ` (${size})`} holds all data of the organisation. Keep it where only people who may see all of
            it can open it.
          </Dialog.Description>
          <form method="post" action={`/admin/backups/${id}/download`} onSubmit={start} noValidate className="mt-5 grid gap-5">
            <TextField
              label="What is it for?"
              name="reason"
              hint="Written to the audit log with your name."
              maxLength={500}
              isRequired
              errors={errors}
              autoComplete="off"
            />
            <div className="flex justify-end gap-2 max-sm:flex-col-reverse">
              <Dialog.Close className={buttonLook()}>Cancel</Dialog.Close>
              <Button type="submit" look="primary">
                Download
              </Button>
            </div>
          </form>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
