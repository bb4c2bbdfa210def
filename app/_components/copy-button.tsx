'use client';

import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import { toast } from 'sonner';
import { classes } from '../_lib/classes.ts';
import { buttonLook } from './button.tsx';

const CONFIRM_MS = 1_500;

/** Puts `text` on the clipboard and says so. `label` names what is copied, for people who do not see the icon. */
export function CopyButton({ text, label, children }: { text: string; label: string; children?: string }) {
  const [isCopied, setIsCopied] = useState(false);
  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      toast.error('The browser did not allow copying.', { description: 'Select the text and copy it by hand.' });
      return;
    }
    setIsCopied(true);
    setTimeout(() => setIsCopied(false), CONFIRM_MS);
  }
  const Icon = isCopied ? Check : Copy;
  return (
    <button
      type="button"
      onClick={copy}
      aria-label={children === undefined ? label : undefined}
      title={label}
      className={classes(
        buttonLook({ look: children === undefined ? 'bare' : 'plain', size: children === undefined ? 'icon' : 'sm' }),
        isCopied && 'text-good',
      )}
    >
      <Icon aria-hidden="true" />
      {children === undefined ? null : isCopied ? 'Copied' : children}
      <span className="sr-only" role="status">
        {isCopied ? 'Copied' : ''}
      </span>
    </button>
  );
}
