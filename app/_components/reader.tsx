'use client';

import { createContext, type ReactNode, useContext, useEffect, useState } from 'react';

type Reader = { readonly locale: string; readonly nowMs: number; readonly isMounted: boolean };

const TICK_MS = 5_000;
const ReaderContext = createContext<Reader>({ locale: 'en', nowMs: 0, isMounted: false });

/**
 * Gives every component below the reader's locale and one clock that ticks each five seconds. The first render uses the
 * server's moment, so that server and browser draw the same; `isMounted` says when the browser's time zone may be used.
 */
export function ReaderProvider({ locale, nowMs, children }: { locale: string; nowMs: number; children: ReactNode }) {
  const [reader, setReader] = useState<Reader>({ locale, nowMs, isMounted: false });
  useEffect(() => {
    const tick = () => setReader({ locale, nowMs: Date.now(), isMounted: true });
    tick();
    const timer = setInterval(tick, TICK_MS);
    return () => clearInterval(timer);
  }, [locale]);
  return <ReaderContext value={reader}>{children}</ReaderContext>;
}

/** The reader's locale and the present moment. */
export function useReader(): Reader {
  return useContext(ReaderContext);
}
