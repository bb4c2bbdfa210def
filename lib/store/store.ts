/** What a store makes of the bytes it was given. */
export type Artifact = {
  /** `scheme://…`: names the artifact for ever; resolved by `openStore`. */
  readonly uri: string;
  readonly sizeBytes: number;
  /** sha256 of all bytes, 64 lower-case hex digits. */
  readonly sha256: string;
};

/** An artifact as a store lists it. `modifiedAt` is the store's own time, for people only: nothing is decided by it. */
export type StoredArtifact = { readonly uri: string; readonly key: string; readonly sizeBytes: number; readonly modifiedAt: Date };

/** A stretch of bytes: `start` inclusive, `end` exclusive, both in bytes from the beginning. */
export type ByteRange = { readonly start: number; readonly end: number };

/** What a store can do beyond the guarantees below. */
export type StoreFeatures = {
  readonly conditionalPut: boolean;
  readonly rangeReads: boolean;
  readonly signedUrls: boolean;
  readonly objectLock: boolean;
};

/** The outcome of trying each guarantee on the real store. */
export type GuaranteeReport = readonly { readonly guarantee: string; readonly holds: boolean; readonly detail: string }[];

/**
 * Where artifacts are kept. The one port of the product: each implementation passes `tests/contract/store.contract.ts`.
 * Keys are relative, `/`-separated, made of `[A-Za-z0-9._-]` segments that do not begin with a dot (so no `.`, `..` or temporary name),
 * of at most 200 characters each and 1,024 in all; others are STORE_REFUSED.
 * Errors: `BackupError` with STORE_UNAVAILABLE, STORE_FULL, STORE_REFUSED, ARTIFACT_EXISTS or ARTIFACT_NOT_FOUND.
 */
export interface ArtifactStore {
  /** Scheme of its URIs, without `://`. */
  readonly scheme: string;
  readonly features: StoreFeatures;

  /**
   * Streams the bytes in and publishes them whole under `key`. All or nothing: after a failure or an abort nothing under
   * `key` can be opened or listed, and nothing temporary stays. Never overwrites: ARTIFACT_EXISTS.
   * When it returns, the bytes survive a power cut as far as the store can promise.
   * Chunks are lent: the source may use their memory again. Its own errors and the signal's reason pass through as they are.
   */
  put(key: string, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<Artifact>;

  /**
   * The artifact's bytes, or those of a range. ARTIFACT_NOT_FOUND when it is not there. A range past the end is cut.
   * Read the stream to its end or cancel it: until then it holds the file open.
   */
  open(uri: string, range?: ByteRange): Promise<ReadableStream<Uint8Array>>;

  /** Size and time. ARTIFACT_NOT_FOUND when it is not there. */
  stat(uri: string): Promise<StoredArtifact>;

  /** Every published artifact whose key begins with `prefix` ('' = all), in key order. Temporary files are never listed. */
  list(prefix: string): AsyncIterable<StoredArtifact>;

  /** Removes the artifact. Deleting what is not there is a success. */
  delete(uri: string): Promise<void>;

  /** Tries each guarantee on the real store, under a name of its own, and leaves nothing behind. */
  selfTest(): Promise<GuaranteeReport>;
}
