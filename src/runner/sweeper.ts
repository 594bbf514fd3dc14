import { killByToken } from './launcher-proc.mjs';

const SWEEP_MS = 250;

/** Kills what ended processes have left outside of their groups. A look at all processes costs, so one serves many. */
export class Sweeper {
  #tokens = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  add(token: string): void {
    this.#tokens.add(token);
    this.#timer ??= setTimeout(() => this.sweep(), SWEEP_MS);
  }

  sweep(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#tokens.size > 0) killByToken((token) => this.#tokens.has(token));
    this.#tokens.clear();
  }
}
