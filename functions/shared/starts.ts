import { acceptWorkflow } from '../../src/definition/accept.ts';
import { compileTiming } from '../../src/definition/timing.ts';
import { createDecider, createScheduler } from '../../src/engine/create-engine.ts';
import { heldStarts } from '../../src/engine/held-starts.ts';
import { startDue } from '../../src/engine/start-due.ts';
import { scheduleSweep } from '../../src/engine/sweep-schedules.ts';
import type { Deployment } from './deployment.ts';
import { logError } from './log.ts';

/** Calls come a minute apart, some seconds more or less. */
const callMs = 60_000;
const aheadMs = callMs + 10_000;

/** Starts what schedules are for until the next call has taken over, each run at its time; at once when nothing is due. */
export async function startScheduled({ ports, settings }: Deployment): Promise<void> {
  const held = heldStarts(ports.queue, ports.clock);
  const own = { ...ports, queue: held.queue };
  const { decider, specs } = createDecider(own, { ...settings, scheduleAheadMs: aheadMs });
  const scheduler = createScheduler(decider, specs, acceptWorkflow, compileTiming);
  const until = ports.clock.now() + aheadMs;
  await scheduleSweep(scheduler)();
  await held.hold(until, async (hints) => {
    try {
      const { stuck } = await startDue(scheduler, hints);
      for (const { schedule, error } of stuck)
        logError(new Error(`schedule ${schedule} is stuck`, { cause: error }));
    } catch (error) {
      // The next call finds them.
      logError(error);
    }
  });
}
