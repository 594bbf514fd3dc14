import type { Scheduler, StartHint } from '../engine/scheduler.ts';
import { startsQueue } from '../engine/scheduler.ts';
import { startDue } from '../engine/start-due.ts';
import { reasonOf } from '../engine/stuck-runs.ts';
import { scheduleSweep } from '../engine/sweep-schedules.ts';
import { every } from './every.ts';

const sweepMs = 1_000;
const takeMax = 1_000;
const waitMs = 60_000;
const visibilityMs = 60_000;
const pauseMs = 1_000;

/** Starts what schedules are for, each at its time. Returns how to stop, once what is at hand is done. */
export function startSchedules(
  scheduler: Scheduler,
  trouble: (message: string) => void,
): () => Promise<void> {
  const { queue, clock } = scheduler.ports;
  const sweep = scheduleSweep(scheduler);
  const told = new Map<string, string>();
  const tell = (schedule: string, error: unknown): void => {
    const reason = reasonOf(error);
    if (told.get(schedule) !== reason) trouble(`schedule ${schedule} is stuck: ${reason}`);
    told.set(schedule, reason);
  };
  let stopped = false;
  let atWork: Promise<void> = Promise.resolve();
  const start = async (hints: readonly StartHint[], receipts: readonly string[]): Promise<void> => {
    try {
      for (const { schedule, error } of (await startDue(scheduler, hints)).stuck)
        tell(schedule, error);
      await queue.remove(receipts);
    } catch (error) {
      // The messages come again.
      trouble(`schedules were not started: ${reasonOf(error)}`);
      await clock.sleep(pauseMs);
    }
  };
  const work = async (): Promise<void> => {
    while (!stopped) {
      const options = { queues: [startsQueue], max: takeMax, waitMs, visibilityMs };
      const taken = await queue.take(options);
      if (stopped || taken.length === 0) continue;
      const hints = taken.map(({ body }) => body as unknown as StartHint);
      atWork = start(
        hints,
        taken.map(({ receipt }) => receipt),
      );
      await atWork;
    }
  };
  void work();
  const stopSweep = every(sweepMs, trouble, async () => void (await sweep()));
  void sweep().catch((error: unknown) => trouble(reasonOf(error)));
  return async () => {
    stopped = true;
    await stopSweep();
    await atWork;
  };
}
