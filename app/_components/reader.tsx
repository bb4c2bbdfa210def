'use client';

import { createContext, type ReactNode, useContext, useMemo, useSyncExternalStore } from 'react';

type Request = { readonly locale: string; readonly servedAtMs: number };

const TICK_MS = 5_000;
const RequestContext = createContext<Request>({ locale: 'en', servedAtMs: 0 });

/** Gives every component below the reader's locale and the moment at which the server drew the page. */
export function ReaderProvider({ locale, nowMs, children }: { locale: string; nowMs: number; children: ReactNode }) {
  const request = useMemo(() => ({ locale, servedAtMs: nowMs }), [locale, nowMs]);
  return <RequestContext value={request}>{children}</RequestContext>;
}

/**
 * The reader's locale and the present moment, which moves on each five seconds. A part of the page that comes alive late
 * first draws the server's moment, as it finds it, and then the present one.
 */
export function useReader(): { readonly locale: string; readonly nowMs: number } {
  const { locale, servedAtMs } = useContext(RequestContext);
  const nowMs = useSyncExternalStore(subscribeToClock, readClock, () => servedAtMs);
  return { locale, nowMs };
}

/** The time zone to write in: UTC until this component is alive in the browser, then undefined, which is the browser's own. */
export function useZone(): 'UTC' | undefined {
  return useSyncExternalStore(
    subscribeToNothing,
    () => undefined,
    () => 'UTC',
  );
}

const subscribeToNothing = () => () => {};

// One clock for the whole page: it ticks while anything shows a time.
let clockMs = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;
const watchers = new Set<() => void>();

function readClock(): number {
  return clockMs;
}

function tick(): void {
  clockMs = Date.now();
  for (const watcher of watchers) watcher();
}

function subscribeToClock(watcher: () => void): () => void {
  watchers.add(watcher);
  timer ??= setInterval(tick, TICK_MS);
  if (Date.now() - clockMs > TICK_MS) tick();
  return () => {
    watchers.delete(watcher);
    if (watchers.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}
