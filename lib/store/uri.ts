/** An address taken apart. `segments` are decoded; none is empty, `.`, `..`, or holds a slash, backslash or control character. */
export type AddressParts = { readonly scheme: string; readonly host: string; readonly segments: readonly string[] };

/**
 * Takes `scheme://host/a/b` apart, or says null. By hand and not with `URL`, which quietly folds `..` and `%2e%2e` away:
 * an address that needs folding is not one that this product wrote.
 */
export function parseAddress(text: string): AddressParts | null {
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^/\\?#%\s]*)\/([^?#]+)$/.exec(text);
  if (match === null) return null;
  const [, scheme = '', host = '', path = ''] = match;
  const segments = path.split('/').map(decodeSegment);
  return segments.every((segment) => segment !== null) ? { scheme, host, segments } : null;
}

/** Puts an address together; everything but `A–Z a–z 0–9 - . _ ~` is percent-encoded, so that parsing gives the same parts back. */
export function formatAddress(parts: AddressParts): string {
  return `${parts.scheme}://${parts.host}/${parts.segments.map(encodeSegment).join('/')}`;
}

function decodeSegment(raw: string): string | null {
  let segment: string;
  try {
    segment = decodeURIComponent(raw);
  } catch {
    return null; // a broken percent-encoding has no meaning
  }
  return segment === '' || segment === '.' || segment === '..' || /[/\\\u0000-\u001f\u007f]/.test(segment) ? null : segment;
}

function encodeSegment(segment: string): string {
  // encodeURIComponent leaves !'()* as they are; shells and sheets do not
  return encodeURIComponent(segment).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
