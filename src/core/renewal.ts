/** A task and how it began its work anew: what its attempts before had spawned no longer counts. */
export type Renewal = readonly [task: number, anew: readonly Anew[]];

/** `first`: the number of the first attempt of what is spawned from then on, beyond those of what was spawned before. */
export type Anew = readonly [attempt: number, first: number];

export type Renewals = ReadonlyMap<number, readonly Anew[]>;

/** How a task last began anew, up to this attempt of its. */
export function lastRenewal(
  renewals: Renewals,
  task: number,
  upTo = Number.POSITIVE_INFINITY,
): Anew {
  return renewals.get(task)?.findLast(([attempt]) => attempt <= upTo) ?? neverAnew;
}

const neverAnew: Anew = [0, 1];
