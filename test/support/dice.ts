/** A small seeded generator (mulberry32), for what happens when in a modelled world. */
export interface Dice {
  /** In [0, 1). */
  roll(): number;
  /** A whole number from 0 to `below - 1`. */
  upTo(below: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
}

export function diceOf(seed: number): Dice {
  let state = seed >>> 0;
  const roll = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  const upTo = (below: number): number => Math.floor(roll() * below);
  return {
    roll,
    upTo,
    chance: (probability) => roll() < probability,
    pick: (list) => list[upTo(list.length)] as (typeof list)[number],
  };
}

/** The same dice for the same words, whatever was rolled before. */
export function diceFor(seed: number, text: string): Dice {
  let hash = seed >>> 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 33) ^ text.charCodeAt(i)) >>> 0;
  return diceOf(hash);
}
