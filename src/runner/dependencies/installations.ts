import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { removeLaidOut } from '../code-folder.ts';
import { lockOnMachine } from './machine-lock.ts';

export interface InstallationsOptions {
  /** Shared by all runners of this machine. Made when first needed. */
  readonly folder: string;
  readonly clock: { now(): number };
  /** Where other machines put theirs, and find ours. */
  readonly shared?: SharedInstallations;
}

/** Installations that travel between machines. */
export interface SharedInstallations {
  /** Lays out what another machine has installed; false when there is none that can be trusted. */
  fetch(key: string, folder: string): Promise<boolean>;
  /** Never throws: who installs has what it wants. */
  keep(key: string, folder: string): Promise<void>;
}

/** What is made when it is not there yet. */
export interface Wanted {
  /** Names it, and all that it is made of. */
  readonly key: string;
  /** The file that is locked meanwhile. */
  readonly lock: string;
  make(folder: string, signal: AbortSignal): Promise<void>;
  /** Told before anything is waited for. */
  onWait(): void;
}

/**
 * Folders that are made once on this machine, under names that say what they are made of. One is whole as soon as it has
 * its name: it is made beside, and renamed. Who else wants it meanwhile waits, in this process or in another one; who
 * makes it may die at any time.
 */
export class Installations {
  readonly #options: InstallationsOptions;
  readonly #making = new Map<string, Promise<string>>();
  readonly #closing = new AbortController();
  readonly #open = new Set<Promise<unknown>>();
  #count = 0;

  constructor(options: InstallationsOptions) {
    this.#options = options;
  }

  get downloads(): string {
    return join(this.#options.folder, 'downloads');
  }

  /** Throws what `make` throws, to all who wait for it. */
  get(wanted: Wanted): Promise<string> {
    const folder = join(this.#options.folder, wanted.key);
    if (existsSync(folder)) return Promise.resolve(folder);
    wanted.onWait();
    const known = this.#making.get(wanted.key);
    if (known !== undefined) return known;
    const making = this.#make(wanted, folder).finally(() => this.#making.delete(wanted.key));
    this.#making.set(wanted.key, making);
    return making;
  }

  /** Stops what is being made; nothing of it stays. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('its runner was closed'));
    await Promise.allSettled([...this.#making.values(), ...this.#open]);
  }

  async #make(wanted: Wanted, folder: string): Promise<string> {
    const { signal } = this.#closing;
    const begun = this.#options.clock.now();
    await mkdir(this.#options.folder, { recursive: true, mode: 0o700 });
    const release = await lockOnMachine(this.#fileOf('locks', wanted.lock), signal);
    let busy = false;
    try {
      if (existsSync(folder)) return folder;
      await this.#tellFailure(wanted.key, begun);
      busy = await this.#fill(wanted, folder, release);
      return folder;
    } finally {
      if (!busy) release();
    }
  }

  /** True: it is there, and being shared; the lock is released when that is done. */
  async #fill(wanted: Wanted, folder: string, release: () => void): Promise<boolean> {
    const { signal } = this.#closing;
    const { shared } = this.#options;
    const unfinished = await this.#place(wanted.key);
    try {
      const came = (await shared?.fetch(wanted.key, unfinished)) ?? false;
      if (!came) await wanted.make(unfinished, signal);
      signal.throwIfAborted();
      await rename(unfinished, folder);
      if (came || shared === undefined) return false;
    } catch (error) {
      await this.#noteFailure(wanted.key, error);
      await removeLaidOut(unfinished);
      throw error;
    }
    const sharing = shared.keep(wanted.key, folder).finally(() => {
      this.#open.delete(sharing);
      release();
    });
    this.#open.add(sharing);
    return true;
  }

  /** An empty folder; what one who died here has left goes. */
  async #place(key: string): Promise<string> {
    const all = join(this.#options.folder, 'unfinished');
    await mkdir(all, { recursive: true, mode: 0o700 });
    for (const name of await readdir(all))
      if (name.startsWith(`${key}-`)) await removeLaidOut(join(all, name));
    const place = join(all, `${key}-${process.pid}-${this.#count++}`);
    await mkdir(place, { mode: 0o755 });
    return place;
  }

  #fileOf(kind: 'locks' | 'failed', name: string): string {
    return join(this.#options.folder, kind, name);
  }

  /** Processes that waited while another one failed need not fail one after the other. */
  async #noteFailure(key: string, error: unknown): Promise<void> {
    if (this.#closing.signal.aborted || !(error instanceof InstallFailure)) return;
    await mkdir(join(this.#options.folder, 'failed'), { recursive: true });
    await writeFile(this.#fileOf('failed', key), error.message).catch(() => undefined);
  }

  async #tellFailure(key: string, begun: number): Promise<void> {
    const file = this.#fileOf('failed', key);
    const failed = await stat(file).catch(() => undefined);
    if (failed === undefined || failed.mtimeMs < begun) return;
    const { readFile } = await import('node:fs/promises');
    throw new InstallFailure(await readFile(file, 'utf8'));
  }
}

/** A tool could not install; the message is for the task's author. */
export class InstallFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'InstallFailure';
  }
}

/** Nobody writes in what many tasks share. */
export async function makeReadOnly(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await makeReadOnly(path);
    else if (entry.isFile()) await chmod(path, (await stat(path)).mode & 0o555);
  }
  await chmod(folder, 0o555);
}
