import { EventHeap } from './event-heap.ts';
import { Fleet } from './fleet.ts';
import type { KnownWork, Trace } from './trace.ts';
import type { World } from './world.ts';

/** What a policy may look at, at one moment. */
export interface View {
  readonly waiting: number;
  readonly oldestWaitS: number;
  readonly running: number;
  readonly ready: number;
  /** Launched, or still to be: all that are not there yet. */
  readonly starting: number;
  /** Since the trace's beginning. */
  readonly arrived: number;
  readonly ended: number;
  readonly servedS: number;
  /** How long those that run have run so far, together. */
  readonly runningS: number;
  readonly known: readonly KnownWork[];
}

export interface Policy {
  readonly name: string;
  readonly everyS: number;
  /** How many runners are there when the trace begins. */
  readonly first: number;
  wanted(view: View, nowS: number): number;
}

export interface Outcome {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Of tasks that waited more than one second. */
  readonly late: number;
  readonly runnerSeconds: number;
  readonly starts: number;
  /** How often the wanted number fell after it had risen. */
  readonly turns: number;
  readonly peak: number;
  /** Busy slot-seconds in runner-seconds: what no policy can do without. */
  readonly busy: number;
}

/** Plays the trace to its end under the policy. The same arguments give the same outcome. */
export function simulate(trace: Trace, policy: Policy, world: World): Outcome {
  const { tasks } = trace;
  const events = new EventHeap();
  const fleet = new Fleet(world, events);
  const waits: number[] = [];
  let head = 0;
  let arrived = 0;
  let ended = 0;
  let servedS = 0;
  let begunS = 0;
  let turns = 0;
  let rising = false;
  let before = policy.first;

  const startWhatCan = (now: number): void => {
    while (head < arrived && fleet.hasRoom()) {
      const task = tasks[head++] as (typeof tasks)[number];
      if (task.atS >= trace.warmUpS) waits.push(now - task.atS);
      begunS += now;
      fleet.begin(now, task.serviceS);
    }
  };
  const ask = (now: number): void => {
    const first = head < arrived ? tasks[head] : undefined;
    const wanted = policy.wanted(
      {
        waiting: arrived - head,
        oldestWaitS: first === undefined ? 0 : now - first.atS,
        running: fleet.running,
        ready: fleet.ready,
        starting: fleet.starting,
        arrived,
        ended,
        servedS,
        runningS: fleet.running * now - begunS,
        known: trace.known.filter((work) => work.fromS <= now && now < work.untilS),
      },
      now,
    );
    if (wanted < before && rising) turns++;
    if (wanted !== before) rising = wanted > before;
    before = wanted;
    fleet.want(Math.min(wanted, world.runnersMax), now);
  };

  fleet.beginWith(policy.first);
  events.push(0, 'ask', 0);
  let now = 0;
  while (now < trace.endS || ended < tasks.length) {
    const next = tasks[arrived];
    const event = events.first();
    if (next !== undefined && (event === undefined || next.atS <= event.at)) {
      now = next.atS;
      arrived++;
    } else if (event !== undefined) {
      events.drop();
      now = event.at;
      if (event.kind === 'ask') {
        ask(now);
        events.push(now + policy.everyS, 'ask', 0);
      } else if (event.kind === 'launch') fleet.launch(now);
      else if (event.kind === 'ready') fleet.arrive(event.runner);
      else {
        fleet.finish(event.runner, now);
        servedS += event.serviceS;
        begunS -= now - event.serviceS;
        ended++;
      }
    }
    startWhatCan(now);
    if (now > trace.endS + 86_400)
      throw new Error(`${policy.name} leaves tasks of ${trace.name} waiting`);
  }
  waits.sort((a, b) => a - b);
  const part = (share: number): number =>
    waits[Math.min(waits.length - 1, Math.max(0, Math.ceil(share * waits.length) - 1))] ?? 0;
  return {
    p50: part(0.5),
    p99: part(0.99),
    max: part(1),
    late: waits.filter((wait) => wait > 1).length / Math.max(1, waits.length),
    runnerSeconds: fleet.billed(now),
    starts: fleet.starts,
    turns,
    peak: fleet.peak,
    busy: tasks.reduce((sum, task) => sum + task.serviceS, 0) / world.slots,
  };
}
