/** Upper bounds of the buckets, in ms: from what a warm call takes to what an hour's task does. */
export const boundsMs = [
  1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 900_000,
  3_600_000,
] as const;

/** How durations are spread. To note one is an addition in an array: no label is looked up, nothing is allocated. */
export class Spread {
  /** Of each bucket alone; the last one is of what is longer than all bounds. */
  readonly #counts = new Float64Array(boundsMs.length + 1);
  #sumMs = 0;

  note(ms: number): void {
    let at = 0;
    while (at < boundsMs.length && ms > (boundsMs[at] as number)) at++;
    this.#counts[at] = (this.#counts[at] as number) + 1;
    this.#sumMs += Math.max(0, ms);
  }

  get sumSeconds(): number {
    return this.#sumMs / 1000;
  }

  /** For each bound, in seconds, how many were not longer; the last one is of all. */
  cumulated(): readonly { readonly le: number; readonly count: number }[] {
    let sum = 0;
    return [...this.#counts].map((count, at) => {
      sum += count;
      const bound = boundsMs[at];
      return { le: bound === undefined ? Number.POSITIVE_INFINITY : bound / 1000, count: sum };
    });
  }
}
