import { constants } from 'node:fs';
import { open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { BackupError } from '#lib/backup/errors.ts';
import { assertRange } from '../range.ts';
import { keyOfUri, segmentsOfKey, uriOfKey } from '../secure-path.ts';
import { tryGuarantees } from '../self-test.ts';
import type { Artifact, ArtifactStore, ByteRange, GuaranteeReport, StoredArtifact } from '../store.ts';
import type { AddressParts } from '../uri.ts';
import { foldersUp, lookAt, makeFolders, makeRoot, pruneFolders, requireRoot, syncFolder } from './folders.ts';
import { keysBelow } from './list.ts';
import { openPartial, type PartialFile, publish } from './publish.ts';
import { streamOf } from './read.ts';
import { errnoOf, onDisk } from './words.ts';

/** A published artifact is read-only for its user and group: what is never changed should not be changeable by a slip. */
const ARTIFACT_MODE = 0o440;
/** How often a folder may be pruned under our feet before we give up; with the waits between, about a second. */
const ATTEMPTS = 50;

/** How a file store treats its folder. */
export type FileStoreOptions = {
  /**
   * Whether the root is made when it is not there (its parent has to be). True for the product's own data folder, which must work on
   * the first start. False for a folder that somebody configured: when that has vanished, a disk is not mounted, and a new folder in
   * its place would fill the wrong disk and show an empty store. So name a folder *on* the disk, not its mount point, which stays.
   */
  readonly createRoot: boolean;
};

/** Opens the store in the folder that `base` names. Nothing is looked at yet but, with `createRoot`, the root. */
export async function openFileStore(base: AddressParts, options: FileStoreOptions): Promise<ArtifactStore> {
  const store = new FileStore(base);
  if (options.createRoot) await makeRoot(store.root);
  return store;
}

/**
 * Artifacts as files below one folder. Written beside their place under a dot-name, synced, linked to their name (which cannot
 * overwrite), folders synced, read-only. Follows no symbolic link below its root.
 */
class FileStore implements ArtifactStore {
  readonly scheme = 'file';
  readonly features = { conditionalPut: true, rangeReads: true, signedUrls: false, objectLock: false };
  readonly root: string;
  readonly #base: AddressParts;

  constructor(base: AddressParts) {
    this.#base = base;
    this.root = `/${base.segments.join('/')}`;
  }

  async put(key: string, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<Artifact> {
    const segments = segmentsOfKey(key);
    const folders = segments.slice(0, -1);
    signal.throwIfAborted();
    // Only a courtesy, before gigabytes are made: what decides is the link at the end
    if ((await lookAt(this.root, segments)) !== null) throw new BackupError('ARTIFACT_EXISTS', join(this.root, key));
    try {
      const partial = await this.#begin(segments);
      const written = await publish(partial, bytes, signal, {
        mode: ARTIFACT_MODE,
        root: this.root,
        folders: foldersUp(this.root, folders),
      });
      return { uri: uriOfKey(this.#base, key), ...written };
    } catch (error) {
      await pruneFolders(this.root, folders);
      throw error;
    }
  }

  async open(uri: string, range?: ByteRange): Promise<ReadableStream<Uint8Array>> {
    assertRange(range);
    const key = keyOfUri(this.#base, uri);
    await this.#require(key);
    const { O_RDONLY, O_NOFOLLOW } = constants;
    const file = await onDisk(this.root, () => open(join(this.root, key), O_RDONLY | O_NOFOLLOW));
    try {
      const { size } = await onDisk(this.root, () => file.stat());
      return streamOf(file, size, range, this.root);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async stat(uri: string): Promise<StoredArtifact> {
    const key = keyOfUri(this.#base, uri);
    const found = await this.#require(key);
    return { uri: uriOfKey(this.#base, key), key, sizeBytes: found.size, modifiedAt: found.mtime };
  }

  async *list(prefix: string): AsyncGenerator<StoredArtifact, void, undefined> {
    await requireRoot(this.root);
    for await (const key of keysBelow(this.root, prefix)) {
      const found = await lookAt(this.root, key.split('/'));
      if (found !== null) yield { uri: uriOfKey(this.#base, key), key, sizeBytes: found.size, modifiedAt: found.mtime };
    }
  }

  async delete(uri: string): Promise<void> {
    const segments = segmentsOfKey(keyOfUri(this.#base, uri));
    const found = await lookAt(this.root, segments);
    if (found === null || !found.isFile()) return;
    await onDisk(this.root, async () => {
      await unlink(join(this.root, ...segments)).catch((error: unknown) => {
        if (errnoOf(error) !== 'ENOENT') throw error; // somebody was faster
      });
    });
    const folders = segments.slice(0, -1);
    await pruneFolders(this.root, folders);
    for (const folder of foldersUp(this.root, folders)) await onDisk(this.root, () => syncFolder(folder, 'or gone'));
  }

  selfTest(): Promise<GuaranteeReport> {
    return tryGuarantees(this);
  }

  /** Folders and the temporary file. A delete beside us may prune a folder that was just made: then it is made again. */
  async #begin(segments: readonly string[]): Promise<PartialFile> {
    for (let attempt = 1; ; attempt++) {
      try {
        await makeFolders(this.root, segments.slice(0, -1));
        return await openPartial(join(this.root, ...segments));
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT' || attempt === ATTEMPTS) return onDisk(this.root, () => Promise.reject(error));
        await wait(Math.random() * attempt); // out of step with whoever prunes
      }
    }
  }

  async #require(key: string): Promise<{ size: number; mtime: Date }> {
    const found = await lookAt(this.root, key.split('/'));
    if (found === null || !found.isFile()) throw new BackupError('ARTIFACT_NOT_FOUND', join(this.root, key));
    return found;
  }
}
