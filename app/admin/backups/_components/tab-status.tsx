'use client';

import { useEffect } from 'react';

/** Shows in the browser's tab how things stand: in front of the title and as the icon. */
export function TabStatus({ status, percent = null }: { status: 'running' | 'failed' | 'calm'; percent?: number | null }) {
  useEffect(() => {
    const icon = document.querySelector<HTMLLinkElement>('link[rel~="icon"]');
    if (icon !== null) icon.href = status === 'running' ? '/icon-running.svg' : status === 'failed' ? '/icon-failed.svg' : '/icon.svg';
    const words =
      status === 'running' ? (percent === null ? 'Running' : `${Math.floor(percent)} %`) : status === 'failed' ? 'Failed' : null;
    const plain = document.title.replace(PREFIX, '');
    document.title = words === null ? plain : `${words} · ${plain}`;
    return () => {
      document.title = document.title.replace(PREFIX, '');
      if (icon !== null) icon.href = '/icon.svg';
    };
  }, [status, percent]);
  return null;
}

const PREFIX = /^(\d+ %|Running|Failed) · /;
