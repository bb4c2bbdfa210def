import type { Route } from 'next';

const START = '/admin/backups';

/** Where to go after signing in: a path of this console, never an address elsewhere. */
export function safePath(path: string | undefined): Route {
  if (path === undefined || !path.startsWith('/')) return START;
  // Resolved as a browser would: `//host`, `/\host` and control characters lead elsewhere.
  const url = URL.canParse(path, 'http://console.invalid') ? new URL(path, 'http://console.invalid') : null;
  if (url === null || url.host !== 'console.invalid' || url.pathname.startsWith('//') || url.pathname === '/login') return START;
  const inside = url.pathname + url.search;
  return isRoute(inside) ? inside : START;
}

/** Only the console's pages are worth going back to; what they make of the rest of the address is theirs. */
function isRoute(path: string): path is Route {
  return path.startsWith('/admin/');
}
