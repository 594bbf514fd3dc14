import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Blobs } from '../../ports/blobs.ts';
import { checkedParts, hashOfFile, partsOf } from '../checked-parts.ts';
import { damageProblem } from './damage.ts';
import { diskFull } from './database.ts';
import { codeOf, isNoSpace } from './error-code.ts';
import { filesIn, namesIn } from './files-in.ts';

const hashPattern = /^[0-9a-f]{64}$/;

export interface EmbeddedBlobs extends Blobs {
  /** Removes the blobs that were neither put nor renewed since `time`, epoch ms; answers with how many. */
  removeBefore(time: number): Promise<number>;
}

/** Blobs as files in a folder, by the first letters of their hash. */
export function openBlobs(folder: string, now: () => number = Date.now): EmbeddedBlobs {
  const unfinished = join(folder, 'unfinished');
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  const fileOf = (hash: string) => join(folder, hash.slice(0, 2), hash.slice(2, 4), hash);
  return {
    async put(bytes) {
      const copy = Uint8Array.from(bytes);
      const hash = hashOf(copy);
      const file = fileOf(hash);
      if ((await isWhole(file, hash, copy.length)) && (await touch(file, now()))) return hash;
      try {
        await write(folder, join(unfinished, randomUUID()), file, (handle) =>
          handle.writeFile(copy),
        );
      } catch (error) {
        throw isNoSpace(error) ? diskFull(file) : error;
      }
      return hash;
    },
    async putFile(path) {
      const { hash, length } = await hashOfFile(path);
      const file = fileOf(hash);
      if ((await isWhole(file, hash, length)) && (await touch(file, now()))) return hash;
      const changed = () => new Error(`${path} was changed while it was stored`);
      try {
        await write(folder, join(unfinished, randomUUID()), file, (handle) =>
          handle.writeFile(checkedParts(partsOf(path), hash, changed)),
        );
      } catch (error) {
        throw isNoSpace(error) ? diskFull(file) : error;
      }
      return hash;
    },
    async read(hash) {
      if (!hashPattern.test(hash)) return undefined;
      const file = fileOf(hash);
      const handle = await openIfThere(file);
      if (handle === undefined) return undefined;
      const parts: AsyncIterable<Uint8Array> = handle.createReadStream({
        highWaterMark: partBytes,
      });
      return checkedParts(parts, hash, (length) => damaged(file, length));
    },
    async get(hash) {
      if (!hashPattern.test(hash)) return undefined;
      const bytes = await readIfThere(fileOf(hash));
      if (bytes !== undefined && hashOf(bytes) !== hash) throw damaged(fileOf(hash), bytes.length);
      return bytes;
    },
    has: async (hash) => hashPattern.test(hash) && existsSync(fileOf(hash)),
    renew: async (hash) => {
      if (hashPattern.test(hash)) await touch(fileOf(hash), now());
    },
    async removeBefore(time) {
      return removeBefore(folder, time);
    },
    uploadTo: async () => undefined,
    downloadFrom: async () => undefined,
  };
}

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const damaged = (file: string, length: number) =>
  damageProblem({ file, place: '', reason: `its ${length} bytes do not fit its hash` });

/** What is there but damaged is written anew. */
async function isWhole(file: string, hash: string, length: number): Promise<boolean> {
  try {
    return (await stat(file)).size === length && (await hashOfFile(file)).hash === hash;
  } catch {
    return false;
  }
}

async function readIfThere(file: string): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(await readFile(file));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    if (codeOf(error) === 'EIO')
      throw damageProblem({ file, place: '', reason: 'the disk cannot read it' });
    throw error;
  }
}

const partBytes = 1 << 20;

async function openIfThere(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** A file of the final name is always a whole one, also after a power cut. */
async function write(
  folder: string,
  unfinished: string,
  file: string,
  fill: (handle: FileHandle) => Promise<void>,
) {
  try {
    await synced(unfinished, 'wx', fill);
    const fresh = await mkdir(dirname(file), { recursive: true });
    await rename(unfinished, file);
    await syncFolder(dirname(file));
    if (fresh === undefined) return;
    await syncFolder(dirname(dirname(file)));
    await syncFolder(folder);
  } finally {
    await rm(unfinished, { force: true });
  }
}

const syncFolder = (folder: string): Promise<void> => synced(folder, 'r', async () => undefined);

async function synced(
  file: string,
  flags: string,
  work: (handle: FileHandle) => Promise<void>,
): Promise<void> {
  const handle = await open(file, flags);
  try {
    await work(handle);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** How old a blob is, is how old its file is. False when it is not there. */
async function touch(file: string, now: number): Promise<boolean> {
  try {
    await utimes(file, now / 1000, now / 1000);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

async function removeBefore(folder: string, time: number): Promise<number> {
  let removed = 0;
  for (const first of await namesIn(folder)) {
    if (first.length !== 2) continue;
    for (const second of await namesIn(join(folder, first)))
      for (const file of await filesIn(join(folder, first, second)))
        if (removeIfOlder(file, join(folder, 'unfinished', randomUUID()), time)) removed++;
  }
  return removed;
}

/** Whoever puts or renews it at the same time either finds it gone, and writes it, or it stays. */
function removeIfOlder(file: string, aside: string, time: number): boolean {
  if (statSync(file).mtimeMs >= time) return false;
  renameSync(file, aside);
  const isOlder = statSync(aside).mtimeMs < time;
  if (isOlder) rmSync(aside);
  else renameSync(aside, file);
  return isOlder;
}
