import { keyOfAttempt } from '../engine/lost.ts';
import type { Held } from './held.ts';

/** What a runner answers for: each attempt once, until its report is durable or it is given up. */
export class Holdings {
  readonly #held = new Map<number, Held>();
  /** By name, so that a doubled message starts nothing twice here, whatever its delivery. */
  readonly #names = new Set<string>();
  readonly #done: (receipt: string) => void;

  /** `done` hears of messages of which nothing is left to answer for. */
  constructor(done: (receipt: string) => void) {
    this.#done = done;
  }

  get size(): number {
    return this.#held.size;
  }

  list(): readonly Held[] {
    return [...this.#held.values()];
  }

  get(key: number): Held | undefined {
    return this.#held.get(key);
  }

  /** False when that attempt is held already: then its message has one attempt less to answer for. */
  add(held: Held): boolean {
    const name = keyOfAttempt(held);
    if (this.#names.has(name)) {
      this.#close(held);
      return false;
    }
    this.#names.add(name);
    this.#held.set(held.key, held);
    return true;
  }

  /** The attempt is answered for; with the last one of its message, the message is done. */
  letGo(held: Held): void {
    this.#forget(held);
    this.#close(held);
  }

  /** The attempt is somebody else's; its message stays, and comes again. */
  leave(held: Held): void {
    this.#forget(held);
    held.letter.stays = true;
  }

  #forget(held: Held): void {
    this.#held.delete(held.key);
    this.#names.delete(keyOfAttempt(held));
  }

  #close({ letter }: Held): void {
    letter.open--;
    if (letter.open > 0 || letter.removed) return;
    letter.removed = true;
    this.#done(letter.receipt);
  }
}
