/** What is known of a pool's load from what was counted so far. A value: JSON can hold it. */
export interface CapacityEstimates {
  /** Tasks a millisecond. */
  readonly rate: number;
  /** More tasks than chance explains, and in what time; while they may still be one batch. */
  readonly surge: { readonly tasks: number; readonly ms: number };
  /** Of tasks that ended, the older the less: how many, and how long they took together. */
  readonly ended: number;
  readonly servedMs: number;
}

/** What was counted since the estimates were made. */
export interface Counts {
  readonly arrived: number;
  readonly ended: number;
  /** How long those that ended took, together. */
  readonly servedMs: number;
}

export const noEstimates: CapacityEstimates = {
  rate: 0,
  surge: { tasks: 0, ms: 0 },
  ended: 0,
  servedMs: 0,
};

/** Over which time the past counts for a rate, and for how long tasks take. */
const RATE_MS = 60_000;
const SERVICE_MS = 300_000;
/** A surge that lasts so long, and was seen more than once, is no batch but a new rate. */
const SURGE_MS = 15_000;
/** So many deviations above the mean, and so many tasks more, are not chance. */
const SURPRISE = 4;

/** The estimates `ms` later. */
export function estimated(
  before: CapacityEstimates,
  counts: Counts,
  ms: number,
): CapacityEstimates {
  const keep = Math.exp(-ms / SERVICE_MS);
  return {
    ...estimatedRate(before, counts.arrived, ms),
    ended: before.ended * keep + counts.ended,
    servedMs: before.servedMs * keep + counts.servedMs,
  };
}

/**
 * A batch is backlog and says nothing about the rate: counted as a rate, a level of 10,000 would call for runners long
 * after it is done. Arrivals that no chance explains change the rate once they have lasted, and then at once.
 */
function estimatedRate(
  { rate, surge }: CapacityEstimates,
  arrived: number,
  ms: number,
): Pick<CapacityEstimates, 'rate' | 'surge'> {
  const expected = rate * ms;
  if (arrived > expected + SURPRISE * Math.sqrt(expected) + SURPRISE) {
    const tasks = surge.tasks + arrived;
    const lasted = surge.ms + ms;
    return surge.ms === 0 || lasted < SURGE_MS
      ? { rate, surge: { tasks, ms: lasted } }
      : { rate: tasks / lasted, surge: noEstimates.surge };
  }
  const weight = 1 - Math.exp(-ms / RATE_MS);
  const now = ms > 0 ? arrived / ms : rate;
  return { rate: rate + (now - rate) * weight, surge: noEstimates.surge };
}

/** The guess weighs as much as so many tasks. */
const GUESS_TASKS = 10;

/**
 * How long a task takes: all time spent, over all that ended. What still runs counts too: of long tasks the short ones
 * end first, and would be taken for all.
 */
export function serviceMs(
  { ended, servedMs }: CapacityEstimates,
  runningMs: number,
  guessMs: number,
): number {
  return (servedMs + runningMs + GUESS_TASKS * guessMs) / (ended + GUESS_TASKS);
}
