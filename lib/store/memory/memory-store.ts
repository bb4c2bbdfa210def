import { createHash, randomUUID } from 'node:crypto';
import { BackupError } from '#lib/backup/errors.ts';
import { untilAborted } from '../intake.ts';
import { assertRange } from '../range.ts';
import { keyOfUri, segmentsOfKey, uriOfKey } from '../secure-path.ts';
import { tryGuarantees } from '../self-test.ts';
import type { Artifact, ArtifactStore, ByteRange, GuaranteeReport, StoredArtifact } from '../store.ts';
import { streamFrom } from '../stream.ts';
import type { AddressParts } from '../uri.ts';

type Kept = { readonly bytes: Buffer; readonly modifiedAt: Date };

/** A store in this process's memory, gone with it: for tests. Same guarantees as any store, but for the power cut. */
export function memoryStore(): ArtifactStore {
  return new MemoryStore();
}

class MemoryStore implements ArtifactStore {
  readonly scheme = 'memory';
  readonly features = { conditionalPut: true, rangeReads: true, signedUrls: false, objectLock: false };
  readonly #base: AddressParts = { scheme: 'memory', host: randomUUID(), segments: [] };
  readonly #kept = new Map<string, Kept>();

  async put(key: string, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<Artifact> {
    segmentsOfKey(key);
    this.#refuseTaken(key);
    const chunks: Buffer[] = [];
    for await (const chunk of untilAborted(bytes, signal)) chunks.push(Buffer.from(chunk)); // a copy: chunks are lent
    this.#refuseTaken(key);
    const whole = Buffer.concat(chunks);
    this.#kept.set(key, { bytes: whole, modifiedAt: new Date() });
    return { uri: uriOfKey(this.#base, key), sizeBytes: whole.length, sha256: createHash('sha256').update(whole).digest('hex') };
  }

  async open(uri: string, range?: ByteRange): Promise<ReadableStream<Uint8Array>> {
    assertRange(range);
    const { bytes } = this.#find(keyOfUri(this.#base, uri));
    return streamFrom(slices(Buffer.from(bytes.subarray(range?.start, range?.end))));
  }

  async stat(uri: string): Promise<StoredArtifact> {
    return this.#describe(keyOfUri(this.#base, uri));
  }

  async *list(prefix: string): AsyncGenerator<StoredArtifact, void, undefined> {
    const keys = [...this.#kept.keys()].filter((key) => key.startsWith(prefix)).sort();
    for (const key of keys) if (this.#kept.has(key)) yield this.#describe(key);
  }

  async delete(uri: string): Promise<void> {
    this.#kept.delete(keyOfUri(this.#base, uri));
  }

  selfTest(): Promise<GuaranteeReport> {
    return tryGuarantees(this);
  }

  #describe(key: string): StoredArtifact {
    const { bytes, modifiedAt } = this.#find(key);
    return { uri: uriOfKey(this.#base, key), key, sizeBytes: bytes.length, modifiedAt };
  }

  #find(key: string): Kept {
    const kept = this.#kept.get(key);
    if (kept === undefined) throw new BackupError('ARTIFACT_NOT_FOUND', key);
    return kept;
  }

  #refuseTaken(key: string): void {
    if (this.#kept.has(key)) throw new BackupError('ARTIFACT_EXISTS', key);
  }
}

async function* slices(bytes: Buffer): AsyncGenerator<Uint8Array, void, undefined> {
  for (let from = 0; from < bytes.length; from += 65_536) yield bytes.subarray(from, from + 65_536);
}
