import { Buffer } from 'node:buffer';
import { closeSync, constants, openSync, readSync } from 'node:fs';

/** What a pipe holds at most. */
const PIPE_MAX = 1 << 20;

/**
 * What a process leaves unread in pipes that it reads by itself. They are opened while it lives, and read once it is
 * gone. Where the kernel does not let us, nothing is found.
 */
export class LastWords {
  readonly #fds: readonly (number | undefined)[];

  constructor(pid: number, fds: readonly [stdout: number, stderr: number]) {
    this.#fds = fds.map((fd) => openPipe(`/proc/${pid}/fd/${fd}`));
  }

  /** To be called once. */
  take(): readonly (Buffer | undefined)[] {
    return this.#fds.map((fd) => (fd === undefined ? undefined : readRest(fd)));
  }
}

function openPipe(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}

function readRest(fd: number): Buffer {
  const chunk = Buffer.alloc(65_536);
  const found: Buffer[] = [];
  try {
    for (let total = 0; total < PIPE_MAX; ) {
      const length = readSync(fd, chunk);
      if (length === 0) break;
      total += length;
      found.push(Buffer.from(chunk.subarray(0, length)));
    }
  } catch {
    // Nothing more is in it, and somebody whom the process has left could still write.
  } finally {
    closeSync(fd);
  }
  return Buffer.concat(found);
}
