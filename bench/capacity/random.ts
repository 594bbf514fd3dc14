/** Draws that depend on the seed and nothing else (mulberry32). */
export interface Draws {
  /** Uniform in [0, 1). */
  next(): number;
  /** With this mean. */
  exponential(mean: number): number;
  /** With this mean and this ratio of deviation to mean. */
  lognormal(mean: number, variation: number): number;
}

export function draws(seed: number): Draws {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  return {
    next,
    exponential: (mean) => -mean * Math.log(1 - next()),
    lognormal: (mean, variation) => {
      const square = Math.log(1 + variation * variation);
      return mean * Math.exp(Math.sqrt(square) * normal() - square / 2);
    },
  };
}
