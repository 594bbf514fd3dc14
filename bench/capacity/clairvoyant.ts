import { EventHeap } from './event-heap.ts';
import type { Policy } from './simulate.ts';
import type { Trace } from './trace.ts';
import type { World } from './world.ts';

/** How a plan is made that knows every arrival and every service time. */
export type Foresight = Patient | Smooth;

export interface Patient {
  readonly kind: 'patient';
  /** A runner is added only where a task would otherwise wait longer. */
  readonly waitS: number;
  /** Runners stay through lulls that are shorter. */
  readonly bridgeS: number;
  /** Never more, whatever waits. */
  readonly runnersMax: number;
}

export interface Smooth {
  readonly kind: 'smooth';
  /** The load of so many seconds is spread evenly over them. */
  readonly windowS: number;
  /** The part of the window that lies behind: 1 puts work off, 0.5 does not. */
  readonly behind: number;
  /** Slack, in roots of the load. */
  readonly slack: number;
}

interface Step {
  readonly atS: number;
  readonly by: number;
}

/**
 * Follows a plan made in hindsight, and orders `startUpS` ahead. It is not the very best of plans; the frontier of many
 * is what a clairvoyant policy reaches at least.
 */
export function clairvoyant(trace: Trace, foresight: Foresight, world: World): Policy {
  const isPatient = foresight.kind === 'patient';
  const needed = isPatient
    ? patientSteps(trace, foresight, world.slots)
    : smoothSteps(trace, foresight, world.slots);
  const bridgeS = Math.max(isPatient ? foresight.bridgeS : 0, world.startUpS);
  const steps = inTime(bridged(needed, bridgeS, world.startUpS), world);
  const sumUntil = (nowS: number, from: number, sum: number): [number, number] => {
    let at = from;
    let total = sum;
    for (let step = steps[at]; step !== undefined && step.atS <= nowS; step = steps[++at])
      total += step.by;
    return [at, total];
  };
  const [firstAt, first] = sumUntil(0, 0, 0);
  let at = firstAt;
  let wanted = first;
  return {
    name: 'clairvoyant',
    everyS: 1,
    first,
    wanted: ({ waiting, running }, nowS) => {
      [at, wanted] = sumUntil(nowS, at, wanted);
      return waiting + running > 0 ? Math.max(1, wanted) : wanted;
    },
  };
}

/** How many runners are busy, if the lowest numbers serve first and nothing takes time to start. */
function patientSteps(trace: Trace, foresight: Patient, slots: number): Step[] {
  const { waitS, bridgeS, runnersMax } = foresight;
  const steps: Step[] = [];
  const running: number[] = [];
  const idleSince: number[] = [];
  const events = new EventHeap();
  const { tasks } = trace;
  let arrived = 0;
  let head = 0;

  /** The lowest that is there and has room; or, for a task that is due, the lowest that is not there. */
  const runnerFor = (now: number, isDue: boolean): number | undefined => {
    let absent: number | undefined;
    for (let runner = 0; runner < running.length; runner++) {
      const busy = running[runner] as number;
      if (busy >= slots) continue;
      if (busy > 0 || now - (idleSince[runner] as number) < bridgeS) return runner;
      absent ??= runner;
    }
    if (!isDue) return undefined;
    return absent ?? (running.length < runnersMax ? running.length : undefined);
  };
  const serve = (now: number): void => {
    for (; head < arrived; head++) {
      const { atS, serviceS } = tasks[head] as (typeof tasks)[number];
      const runner = runnerFor(now, now >= atS + waitS - 1e-9);
      if (runner === undefined) return;
      const busy = running[runner] ?? 0;
      if (busy === 0) steps.push({ atS: now, by: 1 });
      running[runner] = busy + 1;
      events.push(now + serviceS, 'end', runner);
    }
  };
  for (;;) {
    const next = tasks[arrived];
    const event = events.first();
    if (next === undefined && event === undefined) return steps;
    if (next !== undefined && (event === undefined || next.atS <= event.at)) {
      arrived++;
      if (waitS > 0) events.push(next.atS + waitS, 'ask', 0);
      serve(next.atS);
    } else if (event !== undefined) {
      events.drop();
      if (event.kind === 'end') leave(event.runner, event.at);
      serve(event.at);
    }
  }

  function leave(runner: number, now: number): void {
    const busy = (running[runner] as number) - 1;
    running[runner] = busy;
    if (busy > 0) return;
    idleSince[runner] = now;
    steps.push({ atS: now, by: -1 });
  }
}

/** Follows the load that there would be if nothing waited. */
function smoothSteps(trace: Trace, { windowS, behind, slack }: Smooth, slots: number): Step[] {
  const lastS = trace.tasks.reduce((last, task) => Math.max(last, task.atS + task.serviceS), 0);
  const spread = new Float64Array(Math.ceil(lastS) + windowS + 2);
  // Slot-seconds in each second, summed up, so that a window's load is a difference.
  for (const { atS, serviceS } of trace.tasks)
    for (let second = Math.floor(atS); second < atS + serviceS; second++)
      spread[second + 1] =
        (spread[second + 1] as number) +
        Math.min(second + 1, atS + serviceS) -
        Math.max(second, atS);
  for (let second = 1; second < spread.length; second++)
    spread[second] = (spread[second] as number) + (spread[second - 1] as number);
  const until = (second: number): number =>
    spread[Math.min(spread.length - 1, Math.max(0, second))] as number;
  const steps: Step[] = [];
  const backS = Math.round(windowS * behind);
  let level = 0;
  for (let second = -windowS; second < spread.length; second++) {
    const from = second - backS;
    const load = (until(from + windowS) - until(from)) / windowS;
    const runners = load < 1e-6 ? 0 : Math.ceil((load + slack * Math.sqrt(load)) / slots - 0.02);
    for (; level < runners; level++) steps.push({ atS: second, by: 1 });
    for (; level > runners; level--) steps.push({ atS: second, by: -1 });
  }
  return steps;
}

/** Each further runner is there while so many are needed, stays through short lulls, and is ordered ahead. */
function bridged(steps: readonly Step[], bridgeS: number, aheadS: number): Step[] {
  const left: number[] = [];
  const ordered: Step[] = [];
  let level = 0;
  for (const { atS, by } of steps) {
    if (by < 0) {
      left[--level] = atS;
      continue;
    }
    const since = left[level];
    if (since === undefined || atS - since >= bridgeS) {
      if (since !== undefined) ordered.push({ atS: since, by: -1 });
      ordered.push({ atS: atS - aheadS, by: 1 });
    }
    level++;
  }
  for (const since of left) ordered.push({ atS: since, by: -1 });
  return ordered.sort((a, b) => a.atS - b.atS);
}

/** Orders so much earlier that the launch quota grants all in time. */
function inTime(steps: readonly Step[], { launchBurst, launchesPerS }: World): Step[] {
  const orders = steps.filter(({ by }) => by > 0).map(({ atS }) => atS);
  const periodS = launchBurst / launchesPerS;
  for (let n = orders.length - 1 - launchBurst; n >= 0; n--)
    orders[n] = Math.min(orders[n] as number, (orders[n + launchBurst] as number) - periodS);
  return [...orders.map((atS) => ({ atS, by: 1 })), ...steps.filter(({ by }) => by < 0)].sort(
    (a, b) => a.atS - b.atS,
  );
}

/** The plans whose frontier is called clairvoyant. */
export const foresights = (peak: number): Foresight[] => [
  ...[0, 1, 5, 20, 40, 60].flatMap((waitS) =>
    [0, 120].flatMap((bridgeS) =>
      [1, 0.75, 0.5].map((part) => ({
        kind: 'patient' as const,
        waitS,
        bridgeS,
        runnersMax: Math.max(1, Math.ceil(peak * part)),
      })),
    ),
  ),
  ...[10, 20, 30, 40, 120, 400].flatMap((windowS) =>
    [0.5, 1].flatMap((behind) =>
      [0, 0.5, 1, 2].map((slack) => ({ kind: 'smooth' as const, windowS, behind, slack })),
    ),
  ),
];
