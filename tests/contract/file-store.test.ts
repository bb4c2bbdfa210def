import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, lstat, mkdir, readdir, readFile, rename, rm, rmdir, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openStore } from '#lib/store/open.ts';
import type { ArtifactStore } from '#lib/store/store.ts';
import { bytesOf, chunksOf, codeOf, keysOf, never, sampleBytes } from './bytes.ts';
import { everythingIn, newFolder } from './folders.ts';

async function storeIn(root: string): Promise<ArtifactStore> {
  return openStore(pathToFileURL(root).href);
}

function put(store: ArtifactStore, key: string, bytes: Uint8Array | string = 'x') {
  return store.put(key, chunksOf(Buffer.from(bytes), 100_000), never());
}

describe('file store: the file', () => {
  it('is read-only and nobody else may read it', async () => {
    const root = await newFolder();
    await put(await storeIn(root), 'a/b');
    expect((await stat(join(root, 'a/b'))).mode & 0o777).toBe(0o440);
    expect((await stat(join(root, 'a'))).mode & 0o007).toBe(0);
  });

  it('lies where its address says, under exactly its name, with nothing beside it', async () => {
    const root = await newFolder();
    const { uri } = await put(await storeIn(root), 'run-1/lease-2.xlsx');
    expect(uri).toBe(`${pathToFileURL(root).href}/run-1/lease-2.xlsx`);
    expect(await everythingIn(root)).toEqual(['run-1', 'run-1/lease-2.xlsx']);
  });

  it('is written under a dot-name in the same folder, readable by nobody else', async () => {
    const root = await newFolder();
    let seen: string[] = [];
    let mode = 0;
    const watching = async function* () {
      yield sampleBytes(2_000_000);
      seen = await readdir(join(root, 'a'));
      mode = (await stat(join(root, 'a', seen[0] ?? ''))).mode & 0o777;
    };
    await (await storeIn(root)).put('a/b.xlsx', watching(), never());
    expect(seen).toEqual([expect.stringMatching(/^\.b\.xlsx\.[0-9a-f-]{36}\.partial$/)]);
    expect(mode).toBe(0o600);
  });

  it('leaves no empty folder behind, neither after a failure nor after a delete', async () => {
    const root = await newFolder();
    const store = await storeIn(root);
    const failing = async function* () {
      yield sampleBytes(10);
      throw new Error('broke');
    };
    await store.put('a/b/c', failing(), never()).catch(() => {});
    expect(await everythingIn(root)).toEqual([]);
    await put(store, 'a/x');
    await store.delete((await put(store, 'a/b/c')).uri);
    expect(await everythingIn(root)).toEqual(['a', 'a/x']);
  });

  it('keeps nothing when it is aborted after the source ended, while the disk is being synced', async () => {
    const root = await newFolder();
    const abort = new AbortController();
    const source: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          setImmediate(() => abort.abort(new Error('cancelled late')));
          return { done: true, value: undefined };
        },
      }),
    };
    await expect((await storeIn(root)).put('a/b', source, abort.signal)).rejects.toThrow('cancelled late');
    expect(await everythingIn(root)).toEqual([]);
  });

  it('finds its place although the folder is removed again and again while it begins', async () => {
    const root = await newFolder();
    const store = await storeIn(root);
    let isOver = false;
    const removed = (async () => {
      for (; !isOver; await wait(3)) for (const folder of ['a/b', 'a']) await rmdir(join(root, folder)).catch(() => {});
    })();
    for (let round = 0; round < 80; round++) await store.delete((await put(store, 'a/b/c')).uri);
    isOver = true;
    await removed;
  });

  it('is never handed out in part: one that lost its end while it was read is an error', async () => {
    const root = await newFolder();
    const store = await storeIn(root);
    const { uri } = await put(store, 'k', sampleBytes(3_000_000));
    const stream = (await store.open(uri)).getReader();
    await stream.read();
    await chmod(join(root, 'k'), 0o600);
    await truncate(join(root, 'k'), 1_200_000);
    const readOn = async () => {
      while (!(await stream.read()).done);
    };
    expect(await codeOf(readOn())).toBe('STORE_UNAVAILABLE');
  });

  it('does not read the source ahead of the disk', async () => {
    const root = await newFolder();
    let given = 0;
    let mostAhead = 0;
    const source = async function* () {
      for (let part = 0; part < 200; part++) {
        yield Buffer.alloc(100_000);
        given += 100_000;
        const [name = ''] = await readdir(root);
        mostAhead = Math.max(mostAhead, given - (await stat(join(root, name))).size);
      }
    };
    await (await storeIn(root)).put('k', source(), never());
    expect(mostAhead).toBeLessThan(3_000_000);
  });
});

describe('file store: a listing', () => {
  it('passes over what is not an artifact: temporary files, links, foreign names, folders', async () => {
    const root = await newFolder();
    const store = await storeIn(root);
    await put(store, 'a/b');
    await writeFile(join(root, '.b.0000.partial'), 'half');
    await writeFile(join(root, 'a', '.c.0000.partial'), 'half');
    await writeFile(join(root, 'Thumbs (1).db'), '');
    await mkdir(join(root, 'lost+found'));
    await mkdir(join(root, '.hidden'));
    await writeFile(join(root, '.hidden', 'x'), '');
    await mkdir(join(root, 'empty'));
    await symlink(join(root, 'a', 'b'), join(root, 'link'));
    await symlink(join(root, 'a'), join(root, 'folder-link'));
    expect(await keysOf(store)).toEqual(['a/b']);
  });
});

describe('file store: kill -9 in the middle of a put', () => {
  it('leaves nothing that is listed or can be opened, and the name free', async () => {
    const root = await newFolder();
    const child = spawn(process.execPath, [fileURLToPath(new URL('./put-for-ever.ts', import.meta.url)), pathToFileURL(root).href], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child.stdout, 'data'); // the first megabytes are on the disk
    expect((await readdir(join(root, 'run')))[0]).toMatch(/^\.half\.xlsx\..*\.partial$/);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const store = await storeIn(root);
    expect(await keysOf(store)).toEqual([]);
    expect(await codeOf(store.open(`${pathToFileURL(root).href}/run/half.xlsx`))).toBe('ARTIFACT_NOT_FOUND');
    const { uri } = await put(store, 'run/half.xlsx', 'whole');
    expect((await bytesOf(store, uri)).toString()).toBe('whole');
    expect(await keysOf(store)).toEqual(['run/half.xlsx']);
  });
});

describe('file store: its folder', () => {
  it('is named when it is missing, for each call, and is never made again by a call', async () => {
    const root = join(await newFolder(), 'unmounted');
    const store = await storeIn(root);
    const uri = `${pathToFileURL(root).href}/a/b`;
    const calls = [() => put(store, 'a/b'), () => store.open(uri), () => store.stat(uri), () => store.delete(uri), () => keysOf(store)];
    for (const call of calls) {
      await expect(call()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', detail: expect.stringContaining(root) });
    }
    await expect(lstat(root)).rejects.toThrow('ENOENT');
  });

  it('may come back: the same store works on once the disk is mounted again', async () => {
    const parent = await newFolder();
    const root = join(parent, 'disk');
    await mkdir(root);
    const store = await storeIn(root);
    const { uri } = await put(store, 'a/b', 'kept');
    await rename(root, join(parent, 'away'));
    expect(await codeOf(store.open(uri))).toBe('STORE_UNAVAILABLE');
    await rename(join(parent, 'away'), root);
    expect((await bytesOf(store, uri)).toString()).toBe('kept');
  });

  it('that vanishes in the middle of a put fails it with words', async () => {
    const parent = await newFolder();
    const root = join(parent, 'disk');
    await mkdir(root);
    const vanishing = async function* () {
      yield sampleBytes(100);
      await rename(root, join(parent, 'away'));
    };
    await expect((await storeIn(root)).put('a/b', vanishing(), never())).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(lstat(root)).rejects.toThrow('ENOENT');
  });

  it('is made with createRoot, but not its parents', async () => {
    const parent = await newFolder();
    const root = join(parent, 'artifacts');
    const store = await openStore(pathToFileURL(root).href, { createRoot: true });
    await put(store, 'a');
    await openStore(pathToFileURL(root).href, { createRoot: true });
    expect(await keysOf(store)).toEqual(['a']);
    expect(await codeOf(openStore(pathToFileURL(join(parent, 'mistyped', 'artifacts')).href, { createRoot: true }))).toBe(
      'STORE_UNAVAILABLE',
    );
  });

  it('is refused when it is a file', async () => {
    const root = join(await newFolder(), 'file');
    await writeFile(root, 'not a folder');
    const store = await storeIn(root);
    expect(await codeOf(put(store, 'a'))).toBe('STORE_UNAVAILABLE');
    expect(await codeOf(keysOf(store))).toBe('STORE_UNAVAILABLE');
    expect(await readFile(root, 'utf8')).toBe('not a folder');
  });

  it('fails with words when a file stands where a folder should be, and leaves that file alone', async () => {
    const root = await newFolder();
    await writeFile(join(root, 'a'), 'a file');
    expect(await codeOf(put(await storeIn(root), 'a/b'))).toBe('STORE_UNAVAILABLE');
    expect(await readFile(join(root, 'a'), 'utf8')).toBe('a file');
  });

  it('may itself be a link to where the disk is', async () => {
    const parent = await newFolder();
    await mkdir(join(parent, 'disk-2'));
    await symlink('disk-2', join(parent, 'current'));
    const store = await storeIn(join(parent, 'current'));
    const { uri } = await put(store, 'a/b');
    expect(uri).toContain('/current/a/b');
    expect(await keysOf(store)).toEqual(['a/b']);
  });
});

describe('file store: symbolic links below its folder', () => {
  it('are refused by each call, and what they point at is not touched', async () => {
    const parent = await newFolder();
    const root = join(parent, 'root');
    await mkdir(root);
    await mkdir(join(parent, 'outside'));
    await writeFile(join(parent, 'outside', 'secret'), 'secret');
    await symlink('../outside', join(root, 'folder'));
    await symlink('../outside/secret', join(root, 'file'));
    await symlink('../outside/new', join(root, 'dangling'));
    const store = await storeIn(root);
    for (const key of ['folder/secret', 'folder/new', 'folder/deeper/new', 'file', 'dangling']) {
      const uri = `${pathToFileURL(root).href}/${key}`;
      for (const call of [() => put(store, key), () => store.open(uri), () => store.stat(uri), () => store.delete(uri)]) {
        expect(await codeOf(call()), key).toBe('STORE_REFUSED');
      }
    }
    expect(await readdir(join(parent, 'outside'))).toEqual(['secret']);
    expect(await readFile(join(parent, 'outside', 'secret'), 'utf8')).toBe('secret');
    expect((await readdir(root)).sort()).toEqual(['dangling', 'file', 'folder']);
  });

  it('are refused also when one took the place of the file after it was looked at', async () => {
    const parent = await newFolder();
    const root = join(parent, 'root');
    await mkdir(root);
    await writeFile(join(parent, 'secret'), 'secret');
    const store = await storeIn(root);
    const { uri } = await put(store, 'k', 'mine');
    let isOver = false;
    const swapping = (async () => {
      while (!isOver) {
        await symlink('../secret', join(root, 'new'));
        await rename(join(root, 'new'), join(root, 'k'));
        await writeFile(join(root, 'new'), 'mine');
        await rename(join(root, 'new'), join(root, 'k'));
      }
    })();
    for (let round = 0; round < 500; round++) {
      const read = await bytesOf(store, uri).catch(() => Buffer.from(''));
      expect(read.toString()).not.toBe('secret');
    }
    isOver = true;
    await swapping;
    await rm(join(root, 'k'), { force: true });
  });
});
