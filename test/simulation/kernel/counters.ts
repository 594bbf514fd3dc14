/** How often things happened that a batch of runs must see at least sometimes. */
export class Counters {
  readonly #counts = new Map<string, number>();

  add(name: string, count = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + count);
  }

  get(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  merge(other: Counters): void {
    for (const [name, count] of other.#counts) this.add(name, count);
  }

  /** Those of `names` that never happened. */
  missing(names: Iterable<string>): string[] {
    return [...names].filter((name) => this.get(name) === 0);
  }

  /** Sorted by name. */
  entries(): readonly (readonly [name: string, count: number])[] {
    return [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1));
  }
}
