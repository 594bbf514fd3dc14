import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';

const HEADER_BYTES = 32;
const FRAME_BYTES = 24 + 8192;
/** Room is made before fewer frames than this fit, for about four times as many. */
const FRAMES_AHEAD = 32;
const STEP_BYTES = 1024 * 1024;

/**
 * Keeps the log's file longer than what it holds, by zeros, which SQLite takes for its end. Making a write durable that
 * does not lengthen the file takes half the time.
 */
export class LogRoom {
  readonly #file: string;
  readonly #zeros = new Uint8Array(STEP_BYTES);
  #handle: number | undefined;

  /** `file`: the database's; its log must be there before `make` is called. */
  constructor(file: string) {
    this.#file = `${file}-wal`;
  }

  /** To be called between transactions, when the log holds so many frames. Without room on the disk, nothing is done. */
  make(frames: number): void {
    try {
      this.#handle ??= openSync(this.#file, 'r+');
      const { size } = fstatSync(this.#handle);
      if (size >= HEADER_BYTES + (frames + FRAMES_AHEAD) * FRAME_BYTES) return;
      writeSync(this.#handle, this.#zeros, 0, STEP_BYTES, size);
    } catch {
      // The log grows by itself.
    }
  }

  close(): void {
    if (this.#handle !== undefined) closeSync(this.#handle);
    this.#handle = undefined;
  }
}
