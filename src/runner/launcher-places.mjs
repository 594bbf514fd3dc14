/**
 * Folders and named pipes for programs. Named pipes, since what Node calls a pipe is a socket, and a socket can not be
 * opened again as /dev/stdout or /dev/fd/3. Making and removing them costs as much as a small program does; so pipes
 * that have no writer left, and folders in which a program has left nothing, serve again.
 */
import { spawnSync } from 'node:child_process';
import {
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  rmdirSync,
  rmSync,
  unlinkSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

const PIPES_AT_ONCE = 48;

export class Places {
  #root;
  #pipes = [];
  #pipeCount = 0;
  #folders = [];
  #folderCount = 0;

  constructor(root) {
    this.#root = root;
    mkdirSync(root, { recursive: true, mode: 0o700 });
  }

  /** A pipe: `read` does not block, `write` is for the child. */
  openPipe() {
    if (this.#pipes.length === 0) this.#makePipes();
    const path = this.#pipes.pop();
    const read = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return { path, read, write: openSync(path, constants.O_WRONLY) };
  }

  /** `closed`: nobody can write into it any more, so that another attempt may have it. */
  givePipe(path, closed) {
    if (closed) this.#pipes.push(path);
    else unlinkSync(path);
  }

  /** An empty folder with an empty folder `tmp` in it; nobody else may read them. */
  takeFolder() {
    const pooled = this.#folders.pop();
    if (pooled !== undefined) return pooled;
    const folder = join(this.#root, `t${this.#folderCount++}`);
    makeFolder(folder);
    return folder;
  }

  /** Removes the folder and what is in it. */
  giveFolder(folder) {
    if (this.#folders.length < 8 && isUntouched(folder)) {
      this.#folders.push(folder);
      return;
    }
    try {
      unlinkSync(join(folder, 'input.json'));
      rmdirSync(join(folder, 'tmp'));
      rmdirSync(folder);
    } catch {
      rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
    }
  }

  /** Removes the folders that wait to serve again. */
  trim() {
    for (const folder of this.#folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  }

  close() {
    rmSync(this.#root, { recursive: true, force: true, maxRetries: 3 });
  }

  #makePipes() {
    const paths = Array.from({ length: PIPES_AT_ONCE }, () =>
      join(this.#root, `p${this.#pipeCount++}`),
    );
    const made = spawnSync('mkfifo', ['-m', '600', ...paths], { encoding: 'utf8' });
    if (made.status !== 0) throw new Error(`mkfifo: ${made.error?.message ?? made.stderr}`);
    this.#pipes.push(...paths);
  }
}

/** Makes an attempt's folder, where it is not there yet. */
export function makeFolder(folder) {
  try {
    mkdirSync(folder, { mode: 0o700 });
    mkdirSync(join(folder, 'tmp'), { mode: 0o700 });
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
}

function isUntouched(folder) {
  try {
    const names = readdirSync(folder);
    if (names.length !== 2 || !names.includes('tmp') || !names.includes('input.json')) return false;
    if (readdirSync(join(folder, 'tmp')).length > 0) return false;
    unlinkSync(join(folder, 'input.json'));
    return true;
  } catch {
    return false;
  }
}
