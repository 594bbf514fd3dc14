import type { AttemptResult } from '../contract/execution.ts';
import type { Held, Letter } from './held.ts';

/** As many as one heartbeat can list. */
export const heldMax = 4096;

/** How many attempts ended, how long they took together, and how many messages brought them. */
export interface Tally {
  readonly ended: number;
  readonly servedMs: number;
  readonly messages: number;
}

/** What a runner answers for: each attempt once, until its report is durable or it is given up. */
export class Holdings {
  readonly #held = new Map<number, Held>();
  /** By name, so that a doubled message starts nothing twice here, whatever its delivery. */
  readonly #names = new Map<string, Held>();
  /** Messages that brought an attempt once more which was held, and not answered for: they may be the only ones left. */
  readonly #doubles = new Map<string, readonly Letter[]>();
  readonly #done: (receipt: string) => void;
  /** Messages of which something has ended. */
  readonly #opened = new WeakSet<Letter>();
  #counts: Tally = { ended: 0, servedMs: 0, messages: 0 };

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

  /** What ended since this runner began. */
  counts(): Tally {
    return this.#counts;
  }

  /** What ended, unless it is no longer held; it is counted, if it has run. */
  ended({ key, outcome, startedAt, endedAt }: AttemptResult): Held | undefined {
    const held = this.#held.get(key);
    if (held === undefined || outcome === 'released') return held;
    const { ended, servedMs, messages } = this.#counts;
    const first = this.#opened.has(held.letter) ? 0 : 1;
    this.#opened.add(held.letter);
    this.#counts = {
      ended: ended + 1,
      servedMs: servedMs + Math.max(0, endedAt - startedAt),
      messages: messages + first,
    };
    return held;
  }

  /**
   * False when that attempt is held already: then its message waits for what becomes of that, unless the first message is
   * gone, as a saved heartbeat answers for it.
   */
  add(held: Held): boolean {
    const { name, letter } = held;
    const first = this.#names.get(name);
    if (first === undefined) {
      this.#names.set(name, held);
      this.#held.set(held.key, held);
    } else if (first.letter.removed) this.#close(letter);
    else this.#doubles.set(name, [...(this.#doubles.get(name) ?? []), letter]);
    return first === undefined;
  }

  /** The attempt is answered for; with the last one of its message, the message is done. */
  letGo(held: Held): void {
    const doubles = this.#forget(held);
    this.#close(held.letter);
    for (const letter of doubles) this.#close(letter);
  }

  /** The attempt is somebody else's; its message stays, and comes again. */
  leave(held: Held): void {
    for (const letter of [held.letter, ...this.#forget(held)]) letter.stays = true;
  }

  /** Returns the messages that brought it once more. */
  #forget({ key, name }: Held): readonly Letter[] {
    this.#held.delete(key);
    this.#names.delete(name);
    const doubles = this.#doubles.get(name) ?? none;
    this.#doubles.delete(name);
    return doubles;
  }

  #close(letter: Letter): void {
    letter.open--;
    if (letter.open > 0 || letter.removed) return;
    letter.removed = true;
    this.#done(letter.receipt);
  }
}

const none: readonly Letter[] = [];
