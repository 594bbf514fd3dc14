import { statSync } from 'node:fs';

/** How long a program's time of change is believed. */
const STAMP_MS = 20;

/** Tells a program that serves its own functions from one that was built later: that one takes over. */
export class ProgramStamp {
  readonly #path: string;
  #stamp = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(path: string) {
    this.#path = path;
  }

  /** The same as before, as long as the program is the same. */
  at(now: number): number {
    if (now - this.#lookedAt < STAMP_MS) return this.#stamp;
    this.#lookedAt = now;
    // One that is missing for a moment is being built.
    this.#stamp = statSync(this.#path, { throwIfNoEntry: false })?.mtimeMs ?? this.#stamp;
    return this.#stamp;
  }
}
