import { BackupError } from '#lib/backup/errors.ts';
import { type AddressParts, formatAddress, parseAddress } from './uri.ts';

/** Longest key in characters: what S3 allows. */
const KEY_LENGTH_MAX = 1024;
/** Longest segment in characters: the 255 bytes of a file name, less what a temporary name adds. */
const SEGMENT_LENGTH_MAX = 200;

/**
 * The segments of a key, or STORE_REFUSED. A segment is letters, digits, `.`, `_` and `-`, and does not begin with a dot (dot-names
 * are temporary files). So no key is absolute, climbs, hides, or means another thing on another system.
 */
export function segmentsOfKey(key: string): readonly string[] {
  const segments = key.split('/');
  const isFit = key.length <= KEY_LENGTH_MAX && segments.every(isSegment);
  if (!isFit) throw new BackupError('STORE_REFUSED', `${quoted(key)} cannot be the name of a backup file.`);
  return segments;
}

/** Whether one segment of a key may be called so; files of other names in a store's folder are not the store's. */
export function isSegment(name: string): boolean {
  return name.length <= SEGMENT_LENGTH_MAX && /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(name);
}

/** The key that `uri` names below `base`, where a store is rooted; or STORE_REFUSED: another scheme, host or folder, or a way out of it. */
export function keyOfUri(base: AddressParts, uri: string): string {
  const parts = parseAddress(uri);
  const depth = base.segments.length;
  const isBelow =
    parts !== null &&
    parts.scheme === base.scheme &&
    parts.host === base.host &&
    parts.segments.length > depth &&
    base.segments.every((segment, index) => segment === parts.segments[index]);
  if (!isBelow) throw new BackupError('STORE_REFUSED', `${quoted(uri)} is not below ${formatAddress(base)}`);
  const key = parts.segments.slice(depth).join('/');
  segmentsOfKey(key);
  return key;
}

/** The address of `key` below `base`. */
export function uriOfKey(base: AddressParts, key: string): string {
  return formatAddress({ ...base, segments: [...base.segments, ...segmentsOfKey(key)] });
}

/** For words: what was asked for, cut, and without characters that could break a line of a log. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}
