'use client';

import { Dialog } from '@base-ui/react/dialog';
import { Download } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { toast } from 'sonner';
import { Button, buttonLook } from '../../../_components/button.tsx';
import { TextField } from '../../../_components/text-field.tsx';

const SHORTEST = 3;

/** Asks why somebody needs all the data, then lets the browser stream the workbook to disk. The reason goes to the audit log. */
export function DownloadDialog({ id, size }: { id: string; size: string | null }) {
  const [isOpen, setIsOpen] = useState(false);
  const [errors, setErrors] = useState<readonly string[]>([]);

  function start(event: FormEvent<HTMLFormElement>) {
    const reason = new FormData(event.currentTarget).get('reason');
    if (typeof reason !== 'string' || reason.trim().length < SHORTEST) {
      event.preventDefault();
      setErrors(['Say in a few words what it is for.']);
      return;
    }
    setErrors([]);
    // The browser now posts the form and streams the answer to disk; the page stays.
    setTimeout(() => setIsOpen(false), 0);
    toast.success('The download is starting.', { description: 'It was noted in the audit log.' });
  }

  return (
    <Dialog.Root open={isOpen} onOpenChange={setIsOpen}>
      <Dialog.Trigger className={buttonLook({ look: 'primary', className: 'max-sm:h-11 max-sm:w-full' })}>
        <Download aria-hidden="true" />
        Download
        {size === null ? null : <span className="font-normal">{size}</span>}
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-veil transition-opacity data-ending-style:opacity-0 data-starting-style:opacity-0" />
        <Dialog.Popup className="fixed top-1/2 left-1/2 z-50 w-[26rem] max-w-[calc(100vw-2rem)] -translate-x-1/2 -translate-y-1/2 rounded-lg border bg-raised p-5 text-ink outline-none transition-opacity data-ending-style:opacity-0 data-starting-style:opacity-0">
          <Dialog.Title className="text-lg font-semibold tracking-tight">Download this backup</Dialog.Title>
          <Dialog.Description className="mt-1 text-soft">
            The workbook{size === null ? '' : ` (${size})`} holds all data of the organisation. Keep it where only those can read it who may.
          </Dialog.Description>
          <form method="post" action={`/admin/backups/${id}/download`} onSubmit={start} noValidate className="mt-5 grid gap-5">
            <TextField label="What is it for?" name="reason" hint="Written to the audit log with your name." maxLength={500} isRequired errors={errors} autoComplete="off" />
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
