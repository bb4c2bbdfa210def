'use client';

import { useEffect, useState } from 'react';
import { isOpenState, type LiveView } from '../_lib/live.ts';

const POLL_MS = 1_000;
/** Answers missing in a row before the page says that the server is gone. */
const PATIENCE = 3;

/**
 * Follows an open backup: asks once a second while the page is visible and the backup has not ended. `isLost` says that the
 * server has not answered for a while; asking goes on. `sinceMs` is the browser's moment of the last answer.
 */
export function useLive(id: string, initial: LiveView): { readonly view: LiveView; readonly isLost: boolean } {
  const [view, setView] = useState(initial);
  const [missed, setMissed] = useState(0);
  const isFollowed = isOpenState(view.state);
  useEffect(() => {
    if (!isFollowed) return;
    const stop = new AbortController();
    let isAsking = false;
    async function ask() {
      if (isAsking || document.visibilityState === 'hidden') return;
      isAsking = true;
      try {
        const response = await fetch(`/api/backups/${id}/progress`, { signal: stop.signal, cache: 'no-store' });
        // Signed out, or no administrator any more: the page itself says so.
        if (response.status === 401 || response.status === 403) return location.reload();
        if (!response.ok) throw new Error(`status ${response.status}`);
        const answer: LiveView = await response.json();
        setView(answer);
        setMissed(0);
      } catch {
        if (!stop.signal.aborted) setMissed((count) => count + 1);
      } finally {
        isAsking = false;
      }
    }
    void ask();
    const timer = setInterval(ask, POLL_MS);
    document.addEventListener('visibilitychange', ask);
    return () => {
      stop.abort();
      clearInterval(timer);
      document.removeEventListener('visibilitychange', ask);
    };
  }, [id, isFollowed]);
  return { view, isLost: missed >= PATIENCE };
}
