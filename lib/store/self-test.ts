import { createHash, randomUUID } from 'node:crypto';
import { asBackupError, BackupError } from '#lib/backup/errors.ts';
import type { ArtifactStore, GuaranteeReport } from './store.ts';

/** A probe that takes longer does not hold. */
const PROBE_MILLISECONDS = 30_000;

type Probe = { readonly guarantee: string; readonly tries: (store: ArtifactStore, folder: string) => Promise<string> };

/**
 * Tries the guarantees of the port on the real store, under a name of its own, and removes what it made. Never throws: what does not
 * hold is in the report with the words of the error.
 */
export async function tryGuarantees(store: ArtifactStore): Promise<GuaranteeReport> {
  const folder = `self-test-${randomUUID()}`;
  const report: { guarantee: string; holds: boolean; detail: string }[] = [];
  for (const { guarantee, tries } of PROBES) {
    try {
      report.push({ guarantee, holds: true, detail: await tries(store, folder) });
    } catch (error) {
      report.push({ guarantee, holds: false, detail: words(error) });
    }
  }
  return report;
}

const SAMPLE = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 31) % 251);

/** In this order: each finds the store as the one before left it, and the last ones clean up whatever the others did. */
const PROBES: readonly Probe[] = [
  { guarantee: 'A file is kept and comes back byte for byte', tries: putAndReadBack },
  { guarantee: 'Size and sha256 of a kept file are right', tries: statAgrees },
  { guarantee: 'A range of a file can be read', tries: readRange },
  { guarantee: 'A kept file is listed', tries: listed },
  { guarantee: 'A file is never overwritten', tries: neverOverwrites },
  { guarantee: 'An interrupted write leaves nothing', tries: abortLeavesNothing },
  { guarantee: 'A file can be deleted, also twice', tries: deleteTwice },
  { guarantee: 'Nothing of this test is left', tries: nothingLeft },
];

async function putAndReadBack(store: ArtifactStore, folder: string): Promise<string> {
  const { uri } = await store.put(`${folder}/probe`, chunks(SAMPLE), limit());
  expectThat(Buffer.from(await bytesOf(await store.open(uri))).equals(SAMPLE), 'other bytes came back');
  return `${SAMPLE.length} bytes`;
}

async function statAgrees(store: ArtifactStore, folder: string): Promise<string> {
  const artifact = await store.put(`${folder}/sized`, chunks(SAMPLE), limit());
  const sha256 = createHash('sha256').update(SAMPLE).digest('hex');
  expectThat(artifact.sizeBytes === SAMPLE.length && artifact.sha256 === sha256, 'put reported another size or sha256');
  const { sizeBytes } = await store.stat(artifact.uri);
  expectThat(sizeBytes === SAMPLE.length, `the store says ${sizeBytes} bytes`);
  return sha256;
}

async function readRange(store: ArtifactStore, folder: string): Promise<string> {
  const bytes = await bytesOf(await store.open(await uriOf(store, folder, 'probe'), { start: 65_000, end: 66_000 }));
  expectThat(Buffer.from(bytes).equals(SAMPLE.subarray(65_000, 66_000)), 'another range came back');
  return '1000 bytes from the middle';
}

async function listed(store: ArtifactStore, folder: string): Promise<string> {
  const keys = await keysOf(store, folder);
  expectThat(keys.includes(`${folder}/probe`), 'the file is not listed');
  return `${keys.length} files`;
}

async function neverOverwrites(store: ArtifactStore, folder: string): Promise<string> {
  try {
    await store.put(`${folder}/probe`, chunks(Uint8Array.of(1)), limit());
  } catch (error) {
    expectThat(error instanceof BackupError && error.code === 'ARTIFACT_EXISTS', `refused, but as: ${words(error)}`);
    const { sizeBytes } = await store.stat(await uriOf(store, folder, 'probe'));
    expectThat(sizeBytes === SAMPLE.length, 'the file changed all the same');
    return 'the second write was refused';
  }
  throw new Error('the second write replaced the first');
}

async function abortLeavesNothing(store: ArtifactStore, folder: string): Promise<string> {
  const abort = new AbortController();
  const half = async function* () {
    yield SAMPLE;
    abort.abort(new Error('stopped by the self-test'));
    yield SAMPLE;
  };
  const outcome = await store.put(`${folder}/aborted`, half(), abort.signal).then(
    () => 'published',
    () => 'stopped',
  );
  expectThat(outcome === 'stopped', 'the write went on');
  expectThat(!(await keysOf(store, folder)).includes(`${folder}/aborted`), 'half a file is listed');
  return 'stopped after 70000 bytes';
}

async function deleteTwice(store: ArtifactStore, folder: string): Promise<string> {
  const uri = await uriOf(store, folder, 'probe');
  await store.delete(uri);
  await store.delete(uri);
  expectThat(!(await keysOf(store, folder)).includes(`${folder}/probe`), 'the file is still listed');
  return 'the second delete changed nothing';
}

async function nothingLeft(store: ArtifactStore, folder: string): Promise<string> {
  for await (const { uri } of store.list(`${folder}/`)) await store.delete(uri);
  const keys = await keysOf(store, folder);
  expectThat(keys.length === 0, `left: ${keys.join(', ')}`);
  return 'all probes are removed';
}

async function uriOf(store: ArtifactStore, folder: string, name: string): Promise<string> {
  for await (const { uri } of store.list(`${folder}/${name}`)) return uri;
  throw new Error('the file of this test is not there');
}

async function keysOf(store: ArtifactStore, folder: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(`${folder}/`)) keys.push(key);
  return keys;
}

async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += 16_384) yield bytes.subarray(from, from + 16_384);
}

async function bytesOf(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function limit(): AbortSignal {
  return AbortSignal.timeout(PROBE_MILLISECONDS);
}

function expectThat(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

function words(error: unknown): string {
  if (error instanceof BackupError) return error.message;
  return error instanceof Error ? error.message : asBackupError(error).message;
}
