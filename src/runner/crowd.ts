import type { Attempt } from './attempt.ts';
import { tasksByToken, tasksOnMachine } from './launcher-proc.mjs';

const LOOK_MS = 250;

/**
 * Finds attempts that have too many processes and threads. A look at all of them costs, so it is taken only where the whole machine
 * has so many more than in calmer times that one attempt could have too many.
 */
export class Crowd {
  readonly #max: number;
  readonly #prefix: string;
  #lookAt = 0;
  /** The fewest that the machine had, of late. */
  #calm = tasksOnMachine();

  constructor(max: number, token: string) {
    this.#max = max;
    this.#prefix = `${token}.`;
  }

  get max(): number {
    return this.#max;
  }

  /** Those of the attempts that are over it, with how many each has. */
  find(now: number, attempts: Iterable<Attempt>): readonly (readonly [Attempt, number])[] {
    if (now < this.#lookAt) return [];
    this.#lookAt = now + LOOK_MS;
    const all = tasksOnMachine();
    this.#calm = Math.min(this.#calm, all);
    if (all - this.#calm < this.#max / 2) return [];
    const counts = tasksByToken(this.#prefix);
    const over = [...attempts].flatMap((attempt) => {
      const count = counts.get(attempt.host?.tokenOf?.(attempt) ?? '') ?? 0;
      return count > this.#max ? [[attempt, count] as const] : [];
    });
    // Others on this machine: looked at again when there are as many more.
    if (over.length === 0) this.#calm = all;
    return over;
  }
}
