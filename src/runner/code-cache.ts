import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import {
  type ArchivedFile,
  type ArchiveLimits,
  archiveLimits,
  megabytes,
  readArchive,
} from '../contract/archive.ts';
import { Problem } from '../contract/problem.ts';
import type { CodeArchive } from '../contract/workflow.ts';
import type { Blobs } from '../ports/blobs.ts';
import { layOut, removeLaidOut } from './code-folder.ts';

const unzip = promisify(gunzip);

export interface CodeCacheOptions {
  readonly blobs: Pick<Blobs, 'get'>;
  /** Made when first needed; removed by whoever owns it. */
  readonly folder: string;
  /** Of all code that is kept; what runs is kept whatever its size. Default: 256 MB. */
  readonly bytesMax?: number;
  readonly limits?: ArchiveLimits;
}

/** Code that was asked for. Its folder is known before it is there. */
export interface CachedCode {
  readonly folder: string;
  readonly isThere: boolean;
}

class Entry implements CachedCode {
  readonly folder: string;
  isThere = false;
  ready: Promise<void> | undefined;
  uses = 0;
  bytes = 0;

  constructor(folder: string) {
    this.folder = folder;
  }
}

const bytesMaxDefault = 256 * 1024 * 1024;

/**
 * Code on this machine, by the hash of its archive: fetched once, shared by all attempts, let go of when others need the
 * room and nothing of it runs. A folder that was let go of never comes back under its name, since processes may still
 * stand in it.
 */
export class CodeCache {
  readonly #options: CodeCacheOptions;
  /** The least recently used first. */
  readonly #entries = new Map<string, Entry>();
  #folders = 0;
  readonly #layingOut = new Set<Promise<void>>();
  #closed = false;

  constructor(options: CodeCacheOptions) {
    this.#options = options;
  }

  look({ blob }: CodeArchive): CachedCode {
    let entry = this.#entries.get(blob);
    if (entry === undefined) {
      const name = `${blob.slice(0, 16)}-${this.#folders++}`;
      entry = new Entry(join(this.#options.folder, name));
      this.#entries.set(blob, entry);
    }
    return entry;
  }

  /** Whether the code is there; then it stays until `letGo`. */
  useNow(archive: CodeArchive): boolean {
    const entry = this.look(archive) as Entry;
    if (!entry.isThere) return false;
    this.#renew(archive, entry);
    entry.uses++;
    return true;
  }

  /** Resolves when the code is there. It stays until `letGo`. Throws when it cannot be had; then it counts as let go. */
  async use(archive: CodeArchive): Promise<void> {
    const entry = this.look(archive) as Entry;
    this.#renew(archive, entry);
    entry.uses++;
    entry.ready ??= this.#fetch(archive, entry);
    try {
      await entry.ready;
    } catch (error) {
      entry.uses--;
      throw error;
    }
  }

  /** From when this is answered, nothing is laid in the folder any more. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#layingOut);
  }

  #renew({ blob }: CodeArchive, entry: Entry): void {
    this.#entries.delete(blob);
    this.#entries.set(blob, entry);
  }

  letGo({ blob }: CodeArchive): void {
    const entry = this.#entries.get(blob);
    if (entry) entry.uses--;
  }

  async #fetch(archive: CodeArchive, entry: Entry): Promise<void> {
    try {
      const files = await this.#read(archive);
      entry.bytes = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
      await this.#makeRoom(entry);
      if (this.#closed) throw new Error('its runner was closed');
      const layingOut = this.#layOut(entry, files);
      this.#layingOut.add(layingOut);
      await layingOut.finally(() => this.#layingOut.delete(layingOut));
    } catch (error) {
      // The next attempt tries anew.
      this.#entries.delete(archive.blob);
      await removeLaidOut(entry.folder);
      throw error;
    }
  }

  async #layOut(entry: Entry, files: readonly ArchivedFile[]): Promise<void> {
    mkdirSync(this.#options.folder, { recursive: true, mode: 0o700 });
    await layOut(entry.folder, files);
    entry.isThere = true;
  }

  async #read({ blob }: CodeArchive) {
    const { blobs, limits = archiveLimits } = this.#options;
    const packed = await blobs.get(blob);
    if (packed === undefined)
      throw new Problem('code-unknown', `the code ${blob} is no longer stored; submit it again`);
    return readArchive(await unpack(packed, limits), limits);
  }

  async #makeRoom(fresh: Entry): Promise<void> {
    let bytes = 0;
    for (const entry of this.#entries.values()) bytes += entry.bytes;
    for (const [blob, entry] of [...this.#entries]) {
      if (bytes <= (this.#options.bytesMax ?? bytesMaxDefault)) return;
      if (entry === fresh || entry.uses > 0) continue;
      this.#entries.delete(blob);
      bytes -= entry.bytes;
      await removeLaidOut(entry.folder);
    }
  }
}

/** What a tar has beside its files: a header for each and its padding, and what a long name takes. */
const overheadOfFile = 3 * 1024;

async function unpack(packed: Uint8Array, { files, bytes }: ArchiveLimits): Promise<Uint8Array> {
  const most = bytes + files * overheadOfFile;
  try {
    return await unzip(packed, { maxOutputLength: most });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === 'ERR_BUFFER_TOO_LARGE' ? `is larger than ${megabytes(most)}` : 'is not in gzip form';
    throw new Problem('code-invalid', `the code's archive ${why}`);
  }
}
