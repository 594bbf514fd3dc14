import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { diskFull } from './database.ts';
import { isNoSpace } from './error-code.ts';

interface Waiting {
  readonly text: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** How far back the begin of a line that a crash cut off is looked for. */
const TAIL_BYTES = 64 * 1024;

/** Bounds how many files are at work, and so open, at a time. */
export class Turns {
  #free: number;
  readonly #queue: (() => void)[] = [];
  readonly #onGivenBack: () => void;

  /** `onGivenBack` is called when a file has no more to do. */
  constructor(count: number, onGivenBack: () => void) {
    this.#free = count;
    this.#onGivenBack = onGivenBack;
  }

  async take(): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#queue.push(resolve));
  }

  giveBack(): void {
    const next = this.#queue.shift();
    if (next === undefined) this.#free++;
    else next();
    this.#onGivenBack();
  }
}

/** A file that only grows, by whole lines. What is asked for while a write is under way goes into the next one. */
export class LogFile {
  readonly path: string;
  readonly #turns: Turns;
  #handle: FileHandle | undefined;
  #size = 0;
  #waiting: Waiting[] = [];
  #work: Promise<void> | undefined;

  constructor(path: string, turns: Turns) {
    this.path = path;
    this.#turns = turns;
  }

  get busy(): boolean {
    return this.#work !== undefined;
  }

  /** Answers when the lines can be read. They may come apart from each other, never one from its end. */
  append(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ text, resolve, reject });
      this.#work ??= this.#writeAll();
    });
  }

  async close(): Promise<void> {
    await this.#work;
    await this.#handle?.close();
    this.#handle = undefined;
  }

  async #writeAll(): Promise<void> {
    await this.#turns.take();
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        await this.#write(Buffer.from(group.map(({ text }) => text).join('')));
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    // In the same step in which nothing waits any more, so that no append falls in between.
    this.#work = undefined;
    this.#turns.giveBack();
  }

  async #write(bytes: Buffer): Promise<void> {
    this.#handle ??= await this.#open();
    try {
      await this.#handle.appendFile(bytes);
      this.#size += bytes.length;
    } catch (error) {
      await this.#handle.truncate(this.#size);
      throw isNoSpace(error) ? diskFull(this.path) : error;
    }
  }

  async #open(): Promise<FileHandle> {
    await mkdir(dirname(this.path), { recursive: true });
    const handle = await open(this.path, 'a+');
    const { size } = await handle.stat();
    this.#size = await lastLineEnd(handle, size);
    if (this.#size < size) await handle.truncate(this.#size);
    return handle;
  }
}

/** Where the last whole line ends. */
async function lastLineEnd(handle: FileHandle, size: number): Promise<number> {
  const from = Math.max(0, size - TAIL_BYTES);
  const tail = Buffer.alloc(size - from);
  await handle.read(tail, 0, tail.length, from);
  return size === 0 ? 0 : from + tail.lastIndexOf('\n') + 1;
}
