import { clairvoyant, foresights } from './clairvoyant.ts';
import { fanfold } from './fanfold.ts';
import { keda, targetTracking } from './rivals.ts';
import { type Outcome, simulate } from './simulate.ts';
import type { Trace } from './trace.ts';
import type { World } from './world.ts';

/** One policy on one trace, or what hindsight can do at the same waits or the same cost. */
export interface CapacityRow extends Outcome {
  readonly trace: string;
  readonly set: Trace['set'];
  readonly tasks: number;
  readonly acceptableS: number;
  readonly policy: string;
}

/** A runner's hour on Fargate (1 vCPU, 2 GB, arm64), and six times as much for an hour of its tasks' lateness. */
const PRICE = { runnerHour: 0.0395, lateHour: 6 * 0.0395 };

export const names = {
  ours: 'fanfold',
  tracking: 'target tracking',
  trackingProportional: 'target tracking, in at once',
  keda: 'KEDA',
  equalWait: 'clairvoyant, equal p99',
  equalCost: 'clairvoyant, equal cost',
} as const;

export function compare(
  trace: Trace,
  acceptable: readonly number[],
  world: World,
  tell?: (line: string) => void,
): CapacityRow[] {
  const meanS = trace.tasks.reduce((sum, task) => sum + task.serviceS, 0) / trace.tasks.length;
  const plans = hindsight(trace, world);
  return acceptable.flatMap((acceptableS) => {
    const row = (policy: string, outcome: Outcome): CapacityRow => ({
      trace: trace.name,
      set: trace.set,
      tasks: trace.tasks.length,
      acceptableS,
      policy,
      ...outcome,
    });
    const pool = { slots: world.slots, runnersMax: world.runnersMax, acceptableS };
    const settings = {
      runnersMin: 0,
      runnersMax: world.runnersMax,
      slots: world.slots,
      startUpMs: world.startUpS * 1000,
      acceptableMs: acceptableS * 1000,
      // Target tracking is told the mean time too: its target is made of it.
      serviceMsGuess: meanS * 1000,
      launches: { burst: world.launchBurst, perSecond: world.launchesPerS },
      billedMsMin: world.billedMinS * 1000,
      price: PRICE,
    };
    const ours = simulate(trace, fanfold(settings, tell), world);
    return [
      row(names.ours, ours),
      row(names.tracking, simulate(trace, targetTracking(pool, meanS, 0.1), world)),
      row(names.trackingProportional, simulate(trace, targetTracking(pool, meanS, 1), world)),
      row(names.keda, simulate(trace, keda(pool), world)),
      ...least(
        plans.filter((plan) => plan.p99 <= ours.p99),
        'runnerSeconds',
      ).map((plan) => row(names.equalWait, plan)),
      ...least(
        plans.filter((plan) => plan.runnerSeconds <= ours.runnerSeconds),
        'p99',
      ).map((plan) => row(names.equalCost, plan)),
    ];
  });
}

/** What many plans made in hindsight come to. */
function hindsight(trace: Trace, world: World): Outcome[] {
  const { runnersMax } = world;
  const play = (foresight: Parameters<typeof clairvoyant>[1]): Outcome =>
    simulate(trace, clairvoyant(trace, foresight, world), world);
  const { peak } = play({ kind: 'patient', waitS: 0, bridgeS: 0, runnersMax });
  return foresights(peak).map(play);
}

const least = (outcomes: readonly Outcome[], by: 'p99' | 'runnerSeconds'): Outcome[] =>
  [...outcomes].sort((a, b) => a[by] - b[by]).slice(0, 1);
