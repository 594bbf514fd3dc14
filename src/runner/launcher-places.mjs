/**
 * Folders and named pipes for programs. Named pipes, since what Node calls a pipe is a socket, and a socket can not be
 * opened again as /dev/stdout or /dev/fd/3. Making and removing them costs as much as a small program does; so pipes
 * that have no writer left, and folders in which a program has left nothing, serve again. So does the input in them,
 * where it is the same and was not touched.
 */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmdirSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

const PIPES_AT_ONCE = 48;
const INPUT = 'input.json';
/** A file's times are told in steps of up to 10 ms; what is written into one that is older than that shows. */
const CLOCK_STEP_MS = 20;

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
    const pipe = this.#pipes.pop();
    pipe.read ??= openSync(pipe.path, constants.O_RDONLY | constants.O_NONBLOCK);
    return { ...pipe, write: openSync(pipe.path, constants.O_WRONLY) };
  }

  /**
   * `closed`: nobody can write into it any more, so that another attempt may have it. `read` is undefined where it was
   * closed.
   */
  givePipe({ path, read }, closed) {
    if (closed) this.#pipes.push({ path, read });
    else {
      if (read !== undefined) closeSync(read);
      unlinkSync(path);
    }
  }

  /** A folder with its input and an empty folder `tmp` in it; nobody else may read them. */
  takeFolder(input) {
    const folder = this.#folders.pop() ?? this.#makeFolder();
    const { written } = folder;
    if (written?.text === input && Date.now() - written.changedMs > CLOCK_STEP_MS) return folder;
    const file = join(folder.path, INPUT);
    if (written !== undefined) unlinkSync(file);
    writeFileSync(file, input, { mode: 0o600 });
    folder.written = { text: input, ...identityOf(file) };
    return folder;
  }

  #makeFolder() {
    const path = join(this.#root, `t${this.#folderCount++}`);
    makeFolder(path);
    return { path, made: foldersOf(path), written: undefined };
  }

  /** Removes the folder and what is in it, unless it can serve again. */
  giveFolder(folder) {
    if (this.#folders.length < 8 && isUntouched(folder)) {
      this.#folders.push(folder);
      return;
    }
    try {
      unlinkSync(join(folder.path, INPUT));
      rmdirSync(join(folder.path, 'tmp'));
      rmdirSync(folder.path);
    } catch {
      rm(folder.path, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
    }
  }

  /** Removes the folders that wait to serve again. */
  trim() {
    for (const { path } of this.#folders.splice(0)) rmSync(path, { recursive: true, force: true });
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
    for (const path of paths) this.#pipes.push({ path, read: undefined });
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

/** Who changes a file, or puts another in its place, changes one of these. */
function identityOf(file) {
  const { ino, ctimeMs } = lstatSync(file);
  return { inode: ino, changedMs: ctimeMs };
}

/** Names the folder and its `tmp`, with their rights. */
function foldersOf(path) {
  return [path, join(path, 'tmp')]
    .map((folder) => lstatSync(folder))
    .map(({ ino, mode }) => `${ino} ${mode}`)
    .join();
}

/** Nothing was added or replaced; where the input was changed, that is noted. */
function isUntouched({ path, made, written }) {
  try {
    const names = readdirSync(path);
    if (names.length !== 2 || !names.includes('tmp') || !names.includes(INPUT)) return false;
    if (foldersOf(path) !== made || readdirSync(join(path, 'tmp')).length > 0) return false;
    const { inode, changedMs } = identityOf(join(path, INPUT));
    if (inode !== written.inode || changedMs !== written.changedMs) written.text = undefined;
    return true;
  } catch {
    return false;
  }
}
