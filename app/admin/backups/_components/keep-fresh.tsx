'use client';

import { useRouter } from 'next/navigation';
import { useEffect } from 'react';

const FRESH_MS = 30_000;

/** Reads the page again each half minute while it is visible, and when it becomes visible: scheduled runs show up by themselves. */
export function KeepFresh() {
  const router = useRouter();
  useEffect(() => {
    const refresh = () => {
      if (document.visibilityState === 'visible') router.refresh();
    };
    const timer = setInterval(refresh, FRESH_MS);
    document.addEventListener('visibilitychange', refresh);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', refresh);
    };
  }, [router]);
  return null;
}
