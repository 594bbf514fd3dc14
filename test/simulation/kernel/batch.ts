import { Counters } from './counters.ts';
import type { Report, Scenario } from './scenario.ts';

export interface BatchOptions {
  readonly from: number;
  readonly seeds: number;
  /** What must happen at least once in the batch, by the counters' names. */
  readonly sometimes?: readonly string[];
  /** One in so many seeds is played twice, with a full trace, and compared. Default: 100. */
  readonly twiceEvery?: number;
  /** Stop at so many violations. Default: 1. */
  readonly violationsMax?: number;
  readonly onReport?: (report: Report) => void;
}

export interface BatchResult {
  readonly runs: number;
  readonly events: number;
  /** Virtual ms. */
  readonly time: number;
  readonly counters: Counters;
  readonly violations: readonly Report[];
  /** Seeds whose two plays differed. */
  readonly unsteady: readonly number[];
  /** What was to happen at least once and did not. */
  readonly never: readonly string[];
}

/** Plays many seeds of a scenario. Good only if nothing was violated, nothing unsteady, and no planned fault unseen. */
export async function playBatch(scenario: Scenario, options: BatchOptions): Promise<BatchResult> {
  const counters = new Counters();
  const violations: Report[] = [];
  const unsteady: number[] = [];
  const { from, seeds, twiceEvery = 100, violationsMax = 1 } = options;
  let [runs, events, time] = [0, 0, 0];
  for (let seed = from; seed < from + seeds && violations.length < violationsMax; seed++) {
    const report = await scenario.play(seed, {});
    runs++;
    events += report.events;
    time += report.time;
    counters.merge(report.counters);
    if (report.violation) violations.push(report);
    if ((seed - from) % twiceEvery === 0 && !(await isSteady(scenario, report)))
      unsteady.push(seed);
    options.onReport?.(report);
  }
  const never = counters.missing(options.sometimes ?? []);
  return { runs, events, time, counters, violations, unsteady, never };
}

async function isSteady(scenario: Scenario, report: Report): Promise<boolean> {
  const [a, b] = [
    await scenario.play(report.seed, { trace: true }),
    await scenario.play(report.seed, { trace: true }),
  ];
  const same = a.trace?.join('\n') === b.trace?.join('\n');
  return same && a.digest === report.digest && b.digest === report.digest;
}
