import { memoryPorts, memorySystem } from '../../src/adapters/memory/system.ts';
import { systemIds } from '../../src/adapters/system.ts';
import type { RunSummary } from '../../src/contract/api.ts';
import type { ScheduleRequest } from '../../src/contract/schedule.ts';
import type { Workflow } from '../../src/contract/workflow.ts';
import { acceptWorkflow } from '../../src/definition/accept.ts';
import { compileTiming } from '../../src/definition/timing.ts';
import { createDecider, createEngine, createScheduler } from '../../src/engine/create-engine.ts';
import { fanOut } from '../../src/engine/fan-out.ts';
import { feedPrefixes } from '../../src/engine/items.ts';
import { type Scheduler, type StartHint, startsQueue } from '../../src/engine/scheduler.ts';
import { defaultSettings, type EngineSettings } from '../../src/engine/settings.ts';
import { type Started, startDue } from '../../src/engine/start-due.ts';
import { scheduleSweep } from '../../src/engine/sweep-schedules.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { virtualTime } from './virtual-time.ts';

export const began = Date.parse('2026-01-01T00:00:30Z');
export const minuteMs = 60_000;

/** A workflow whose runs end by themselves, and one whose runs stay open as long as no runner is there. */
export const instant: Workflow = { name: 'instant', tasks: [{ id: 'a', run: { kind: 'none' } }] };
export const lasting: Workflow = {
  name: 'lasting',
  tasks: [{ id: 'a', run: { kind: 'command', argv: ['true'] } }],
};

export const everyMinute: ScheduleRequest = { workflow: instant, timing: { cron: '* * * * *' } };

/** An engine with schedules, in virtual time, and somebody who starts what is due; `wrap`: faulty ports for the latter. */
export function scheduleHome(
  settings: Partial<EngineSettings> = {},
  wrap: (ports: Ports) => Ports = (ports) => ports,
) {
  const time = virtualTime(began);
  const all = { ...defaultSettings, shards: 2, soleDecider: true, ...settings };
  const caller = { clock: time.clock, ids: systemIds(), random: { next: () => 0.5 } };
  const ports = memoryPorts(memorySystem(time.host), caller);
  const { decider, specs } = createDecider(ports, all);
  ports.feed.subscribe(feedPrefixes, async (items) => void (await fanOut(decider, items)));
  const engine = createEngine(decider, specs, acceptWorkflow, async () => [], compileTiming);
  const starter = (): Scheduler => ({
    ...createScheduler(decider, specs, acceptWorkflow, compileTiming),
    ports: wrap(ports),
  });
  let sweep = scheduleSweep({ ports, settings: all });
  const started: Started[] = [];
  const failures: unknown[] = [];
  let scheduler = starter();
  /** Handles all messages that are there. */
  const handle = async (): Promise<void> => {
    for (;;) {
      const options = { queues: [startsQueue], max: 100, waitMs: 0, visibilityMs: 5_000 };
      const taken = await soon(ports.queue.take(options), time);
      if (taken.length === 0) return;
      const hints = taken.map(({ body }) => body as unknown as StartHint);
      try {
        started.push(await startDue(scheduler, hints));
        await ports.queue.remove(taken.map(({ receipt }) => receipt));
      } catch (error) {
        failures.push(error);
      }
    }
  };
  return {
    time,
    ports,
    engine,
    schedules: engine.schedules,
    started,
    failures,
    /** As after a restart. */
    restart: () => {
      sweep = scheduleSweep({ ports, settings: all });
      scheduler = starter();
    },
    scheduler: () => scheduler,
    sweep: () => soon(sweep(), time),
    handle,
    /** Second by second; swept once a minute. */
    async live(seconds: number): Promise<void> {
      for (let second = 0; second < seconds; second++) {
        const now = time.clock.now();
        await time.passTo(now + 1_000);
        if (Math.floor(now / minuteMs) !== Math.floor((now + 1_000) / minuteMs))
          await soon(sweep(), time);
        await handle();
      }
    },
    async runs(): Promise<readonly RunSummary[]> {
      await time.passTo(time.clock.now());
      const { items } = await soon(engine.runs({ limit: 1000 }), time);
      return [...items].reverse();
    },
  };
}

/** What memory ports answer comes with timers of no length. */
export async function soon<T>(
  work: Promise<T>,
  time: { clock: { now(): number }; passTo(at: number): Promise<void> },
): Promise<T> {
  let done = false;
  const mark = (): void => {
    done = true;
  };
  work.then(mark, mark);
  while (!done) await time.passTo(time.clock.now());
  return work;
}

export const slotsOf = (runs: readonly RunSummary[]): string[] =>
  runs.flatMap(({ tags }) =>
    tags.filter((tag) => tag.startsWith('slot:')).map((tag) => tag.slice(16, 21)),
  );
