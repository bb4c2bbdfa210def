import { BackupError } from '#lib/backup/errors.ts';
import { type FileStoreOptions, openFileStore } from './file/file-store.ts';
import type { ArtifactStore } from './store.ts';
import { type AddressParts, parseAddress } from './uri.ts';

/** What a caller decides about a store that is opened. */
export type OpenOptions = FileStoreOptions;

/** One line per kind of store. */
const STORES: Readonly<Record<string, (base: AddressParts, options: OpenOptions) => Promise<ArtifactStore>>> = {
  file: openFileStore,
};

/**
 * The store at `storeUrl` (`file:///srv/backups`). STORE_URL_INVALID, with an example, for anything that names no store.
 * A store that cannot be reached is opened all the same and says STORE_UNAVAILABLE when it is used: the disk may be mounted later.
 * `createRoot` is for the product's own data folder only; see `FileStoreOptions`.
 */
export async function openStore(storeUrl: string, options: OpenOptions = { createRoot: false }): Promise<ArtifactStore> {
  const base = parseAddress(storeUrl.replace(/(?<=[^/])\/$/, ''));
  const openIt = base === null ? undefined : Object.hasOwn(STORES, base.scheme) ? STORES[base.scheme] : undefined;
  if (base === null || openIt === undefined) throw invalid(storeUrl);
  if (base.scheme === 'file' && base.host !== '') throw invalid(storeUrl); // file://srv/backups: a slash is missing
  return openIt(base, options);
}

/** The address is not repeated beyond its scheme: it may hold a password. */
function invalid(storeUrl: string): BackupError {
  const scheme = /^[a-z][a-z0-9+.-]*(?=:)/i.exec(storeUrl)?.[0];
  const known = Object.keys(STORES).map((name) => `${name}://`);
  const what =
    scheme === undefined
      ? 'It does not begin with a scheme.'
      : known.includes(`${scheme}://`)
        ? 'After the scheme comes an absolute folder: three slashes, no "..", no "?" or "#", special characters percent-encoded.'
        : `There is no store of the kind "${scheme}".`;
  return new BackupError('STORE_URL_INVALID', `${what} Known: ${known.join(', ')}. Example: file:///srv/backups`);
}
