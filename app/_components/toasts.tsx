'use client';

import { Toaster } from 'sonner';

/** Where results of actions are said; above the bottom bar on a phone. */
export function Toasts() {
  return (
    <Toaster position="bottom-right" offset={20} mobileOffset={{ bottom: 76, left: 12, right: 12 }} toastOptions={{ duration: 5_000 }} />
  );
}
