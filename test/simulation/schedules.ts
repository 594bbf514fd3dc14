import { Problem } from '../../src/contract/problem.ts';
import type { ScheduleRequest } from '../../src/contract/schedule.ts';
import { nextSlot } from '../../src/core/schedule-timing.ts';
import { runOfSlot } from '../../src/core/slot-run.ts';
import { acceptWorkflow } from '../../src/definition/accept.ts';
import { compileTiming } from '../../src/definition/timing.ts';
import { createDecider, createScheduler } from '../../src/engine/create-engine.ts';
import { fromData, type Meta } from '../../src/engine/items.ts';
import type { Schedule } from '../../src/engine/schedule-items.ts';
import { type Scheduler, type StartHint, startsQueue } from '../../src/engine/scheduler.ts';
import { createSchedules } from '../../src/engine/schedules.ts';
import { defaultSettings } from '../../src/engine/settings.ts';
import { startDue } from '../../src/engine/start-due.ts';
import { scheduleSweep } from '../../src/engine/sweep-schedules.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { type Put, type PutResult, Unavailable } from '../../src/ports/table.ts';
import { Actor } from './kernel/actor.ts';
import { epoch, Kernel } from './kernel/kernel.ts';
import type { Life } from './kernel/life.ts';
import { persistently } from './kernel/persist.ts';
import { Stream } from './kernel/random.ts';
import type { Scenario } from './kernel/scenario.ts';
import { portsOf, reportOf, simulatedSystem } from './kernel/system.ts';

/** Each field is a bug to be found. */
export interface ScheduleBugs {
  /** A run that could not be stored counts as started. */
  readonly swallowedSubmit?: boolean;
  /** A run's id is made anew each time. */
  readonly freshIds?: boolean;
}

const FAULTS_MS = 10 * 60_000;
/** After the faults: time for clocks that ran ahead, and for messages that are on their way. */
const CALM_MS = 70 * 60_000;
const SWEEP_MS = 20_000;
const workflow = { name: 'w', tasks: [{ id: 'a', run: { kind: 'none' as const } }] };

/** Some that follow their runs, which never end here, and some that do not; all slots are to be started. */
function drawSchedules(seed: number): readonly (readonly [name: string, ScheduleRequest])[] {
  const stream = new Stream(seed, 'schedules');
  return Array.from({ length: stream.int(1, 4) }, (_, n) => {
    const request: ScheduleRequest = {
      workflow,
      timing: {
        everyMs: stream.int(5, 90) * 1_000,
        start: epoch + stream.int(1, 120) * 1_000,
        end: epoch + stream.int(10, 40) * 60_000,
        ...(stream.chance(0.3) && { jitterMs: stream.int(1, 5_000) }),
      },
      catchUp: { policy: 'all', max: 10_000 },
      ...(stream.chance(0.5) && { stopAfterFailures: 3 }),
    };
    return [`s${n}`, request] as const;
  });
}

/**
 * Goal: each slot of a schedule starts one run, whatever is lost, doubled, late, dies or has a wrong clock.
 * Method: a client makes schedules; processes with clocks of their own sweep and start, and die between any two calls; in
 * the end every slot must have its run, and each run its slot.
 */
export const scheduleScenario = (bugs: ScheduleBugs = {}): Scenario => ({
  name: 'schedules',
  async play(seed, { dropped = new Set<string>(), trace = false, ...rest }) {
    const timing = { faultsUntil: FAULTS_MS, timeMax: FAULTS_MS + CALM_MS + 60_000 };
    const kernel = new Kernel({ seed, ...timing, dropped, traceLines: trace, ...rest });
    const system = simulatedSystem(kernel);
    const drawn = drawSchedules(seed).filter(([name]) => !dropped.has(`schedule ${name}`));
    const starters = ['starter-1', 'starter-2', 'starter-3'].filter(
      (name, n) => n === 0 || !dropped.has(`actor ${name}`),
    );
    const schedules = new Map<string, Schedule>();
    const runs = new Map<string, Meta>();
    const refused = new Set<string>();
    system.table.onChange((after) => {
      if (after === undefined) return;
      if (after.partition.includes('SCHEDULES#')) schedules.set(after.sort, fromData(after.data));
      else if (after.sort === 'META') runs.set(after.partition, fromData(after.data));
    });
    new Actor(kernel, 'client', async (life) => {
      const ports = portsOf(system, life);
      const made = createSchedules(schedulerOf(ports));
      for (const [name, request] of drawn)
        await persistently(ports.clock, () => made.put(name, request)).catch((error) => {
          // By a clock that jumped ahead, all of it was over.
          if (!(error instanceof Problem)) throw error;
          refused.add(name);
        });
    });
    for (const name of starters)
      new Actor(kernel, name, (life) => work(portsOf(system, life), life, bugs));
    kernel.after(FAULTS_MS + CALM_MS, () => {
      const asked = drawn.filter(([name]) => schedules.has(name) || !refused.has(name));
      judge(kernel, asked, schedules, [...runs.values()]);
      kernel.stop();
    });
    await kernel.run();
    const parts = [
      ...drawn.map(([name]) => `schedule ${name}`),
      ...starters.slice(1).map((name) => `actor ${name}`),
    ];
    return reportOf(kernel, parts);
  },
});

function schedulerOf(ports: Ports): Scheduler {
  const { decider, specs } = createDecider(ports, { ...defaultSettings, shards: 2 });
  return createScheduler(decider, specs, acceptWorkflow, compileTiming);
}

async function work(given: Ports, life: Life, bugs: ScheduleBugs): Promise<void> {
  const ports = withBugs(given, life, bugs);
  const { queue, clock } = ports;
  const scheduler = schedulerOf(ports);
  const sweep = scheduleSweep(scheduler);
  let sweptAt = Number.NEGATIVE_INFINITY;
  for (;;) {
    try {
      if (Math.abs(clock.now() - sweptAt) > SWEEP_MS) {
        await sweep();
        sweptAt = clock.now();
      }
      const options = { queues: [startsQueue], max: 10, waitMs: 5_000, visibilityMs: 30_000 };
      const taken = await queue.take(options);
      if (taken.length === 0) continue;
      const hints = taken.map(({ body }) => body as unknown as StartHint);
      const { stuck } = await startDue(scheduler, hints);
      for (const { error } of stuck) throw error;
      await queue.remove(taken.map(({ receipt }) => receipt));
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      await clock.sleep(1_000);
    }
  }
}

function withBugs(ports: Ports, life: Life, bugs: ScheduleBugs): Ports {
  const isRun = ({ item }: Put): boolean => item.sort === 'META';
  const putMany = async (puts: readonly Put[]): Promise<PutResult[]> => {
    const given = bugs.freshIds && puts.some(isRun) ? puts.map((put) => renamed(put, life)) : puts;
    try {
      return await ports.table.putMany(given);
    } catch (error) {
      if (bugs.swallowedSubmit && puts.some(isRun)) return puts.map(() => ({ done: true }));
      throw error;
    }
  };
  return { ...ports, table: { ...ports.table, putMany } };
}

function renamed(put: Put, life: Life): Put {
  const partition = put.item.partition.replace(/[^#]*$/, life.ids.next());
  return { ...put, item: { ...put.item, partition } };
}

function judge(
  kernel: Kernel,
  drawn: readonly (readonly [string, ScheduleRequest])[],
  schedules: ReadonlyMap<string, Schedule>,
  runs: readonly Meta[],
): void {
  for (const [name] of drawn) {
    const schedule = schedules.get(name);
    if (schedule === undefined) {
      kernel.violate('accepted', `${name} was never made`);
      return;
    }
    const compiled = compileTiming(schedule.timing, schedule.createdAt);
    const slots: number[] = [];
    for (let slot = nextSlot(compiled, schedule.createdAt); slot !== undefined; ) {
      slots.push(slot);
      slot = nextSlot(compiled, slot);
    }
    const found = runs.filter(({ tags }) => tags?.includes(`schedule:${name}`));
    const ids = new Set(found.map(({ id }) => id));
    const lacking = slots.filter((slot) => !ids.has(runOfSlot(schedule.id, slot)));
    if (lacking.length > 0) {
      const { state, wakeAt } = schedule;
      const when = lacking.slice(0, 3).map((slot) => (slot - epoch) / 1000);
      kernel.violate(
        'every-slot',
        `${name}: ${lacking.length} of ${slots.length} have no run, such as those at ${when} s; ${JSON.stringify({ wakeAt, ...state, open: state.open.length })}`,
      );
    }
    if (found.length > slots.length)
      kernel.violate('one-run', `${name}: ${found.length} runs for ${slots.length} slots`);
    if (schedule.done !== true) kernel.violate('every-slot', `${name} is not done`);
    kernel.counters.add('slots', slots.length);
  }
}
