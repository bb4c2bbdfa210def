'use client';

import { Download } from 'lucide-react';
import { lazy, Suspense, useRef, useState } from 'react';
import { Button } from '../../../_components/button.tsx';

const load = () => import('./download-dialog.tsx');
// The dialog comes over the wire when somebody reaches for it: it is not part of the first load.
const DownloadDialog = lazy(async () => ({ default: (await load()).DownloadDialog }));

/** The main action of a backup's page: opens the dialog that asks for a reason. */
export function DownloadButton({ id, size }: { id: string; size: string | null }) {
  const [isOpen, setIsOpen] = useState(false);
  const [isWanted, setIsWanted] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  return (
    <>
      <Button
        ref={opener}
        look="primary"
        aria-haspopup="dialog"
        className="max-sm:h-11 max-sm:w-full"
        onPointerEnter={() => void load()}
        onFocus={() => void load()}
        onClick={() => {
          setIsWanted(true);
          setIsOpen(true);
        }}
      >
        <Download aria-hidden="true" />
        Download
        {size === null ? null : <span className="font-normal">{size}</span>}
      </Button>
      {isWanted ? (
        <Suspense>
          <DownloadDialog id={id} size={size} isOpen={isOpen} onOpenChange={setIsOpen} opener={opener} />
        </Suspense>
      ) : null}
    </>
  );
}
