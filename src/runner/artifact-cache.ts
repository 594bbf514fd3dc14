import { constants, createWriteStream, type Stats } from 'node:fs';
import { chmod, copyFile, link, lstat, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Artifact } from '../contract/artifacts.ts';
import { Problem } from '../contract/problem.ts';
import type { Blobs } from '../ports/blobs.ts';

export interface ArtifactCacheOptions {
  readonly blobs: Pick<Blobs, 'read'>;
  /** Made when first needed; removed by whoever owns it. */
  readonly folder: string;
  /** Of all files that are kept. Default: 2 GB. */
  readonly bytesMax?: number;
}

interface Entry {
  readonly file: string;
  readonly size: number;
  /** What its file is as long as nobody has written to it. */
  readonly ready: Promise<Stamp>;
}

type Stamp = Pick<Stats, 'ino' | 'size' | 'mtimeMs'>;

const bytesMaxDefault = 2 * 1024 ** 3;
/** A file that others let go of, or that was written to, meanwhile is fetched again so often. */
const triesMax = 3;

/**
 * Artifacts on this machine, by their hash: fetched once, verified while they come, and laid into attempts' folders as
 * copies on write, or else as links to one file that can only be read. What was laid there stays when its entry goes.
 */
export class ArtifactCache {
  readonly #options: ArtifactCacheOptions;
  /** The least recently used first. */
  readonly #entries = new Map<string, Entry>();
  #files = 0;
  #bytes = 0;
  #clones = true;

  constructor(options: ArtifactCacheOptions) {
    this.#options = options;
  }

  /** Throws `Problem` `data-damaged` when it is missing or no longer what it was. */
  async lay(artifact: Artifact, path: string): Promise<void> {
    for (let tries = 1; ; tries++) {
      const name = `${artifact.blob}${artifact.executable ? 'x' : ''}`;
      const entry = this.#look(name, artifact);
      if (await this.#laid(entry, path)) return;
      await this.#forget(name, entry);
      if (tries >= triesMax) throw new Error(`${entry.file} was changed ${tries} times`);
    }
  }

  /** False when the file was let go of, or written to, meanwhile. */
  async #laid(entry: Entry, path: string): Promise<boolean> {
    const stamp = await entry.ready;
    try {
      if (!isSame(stamp, await lstat(entry.file))) return false;
      await this.#link(entry.file, path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  }

  #look(name: string, artifact: Artifact): Entry {
    const known = this.#entries.get(name);
    this.#entries.delete(name);
    const file = join(this.#options.folder, String(this.#files++));
    const entry = known ?? { file, size: artifact.size, ready: this.#fetch(artifact, file) };
    this.#entries.set(name, entry);
    if (known === undefined) {
      this.#bytes += entry.size;
      entry.ready.then(
        () => this.#makeRoom(entry),
        () => this.#forget(name, entry),
      );
    }
    return entry;
  }

  async #fetch({ blob, executable }: Artifact, file: string): Promise<Stamp> {
    const { blobs, folder } = this.#options;
    const parts = await blobs.read(blob);
    if (parts === undefined) throw new Problem('data-damaged', `blob ${blob} is missing`);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const part = `${file}.part`;
    try {
      await pipeline(parts, createWriteStream(part, { flags: 'wx', mode: 0o600 }));
      await chmod(part, executable ? 0o555 : 0o444);
      await rename(part, file);
    } finally {
      await rm(part, { force: true });
    }
    return lstat(file);
  }

  async #link(file: string, path: string): Promise<void> {
    if (this.#clones) {
      try {
        return await copyFile(file, path, constants.COPYFILE_FICLONE_FORCE);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw error;
        this.#clones = false;
        await rm(path, { force: true });
      }
    }
    await link(file, path);
  }

  async #makeRoom(fresh: Entry): Promise<void> {
    const { bytesMax = bytesMaxDefault } = this.#options;
    for (const [name, entry] of [...this.#entries]) {
      if (this.#bytes <= bytesMax) return;
      if (entry !== fresh) await this.#forget(name, entry);
    }
  }

  async #forget(name: string, entry: Entry): Promise<void> {
    if (this.#entries.get(name) !== entry) return;
    this.#entries.delete(name);
    this.#bytes -= entry.size;
    await rm(entry.file, { force: true });
  }
}

const isSame = (a: Stamp, b: Stamp): boolean =>
  a.ino === b.ino && a.size === b.size && a.mtimeMs === b.mtimeMs;
