import {
  type CapacitySettings,
  type CapacityState,
  decideCapacity,
} from '../../src/core/capacity.ts';
import type { Policy } from './simulate.ts';

/** Our policy, asked every five seconds with counters that are right, as the engine's own are. */
export function fanfold(settings: CapacitySettings, told?: (line: string) => void): Policy {
  let state: CapacityState | undefined;
  let before = { arrived: 0, ended: 0, servedS: 0 };
  return {
    name: 'fanfold',
    everyS: 5,
    first: settings.runnersMin,
    wanted: (view, nowS) => {
      const load = {
        arrived: view.arrived - before.arrived,
        ended: view.ended - before.ended,
        servedMs: (view.servedS - before.servedS) * 1000,
        waiting: view.waiting,
        oldestMs: view.oldestWaitS * 1000,
        running: view.running,
        runningMs: view.runningS * 1000,
        ready: view.ready,
        starting: view.starting,
        known: view.known.map(({ atS, tasks, serviceS }) => ({
          at: atS * 1000,
          tasks,
          serviceMs: serviceS * 1000,
        })),
      };
      const decision = decideCapacity(settings, state, load, nowS * 1000);
      before = { arrived: view.arrived, ended: view.ended, servedS: view.servedS };
      state = decision.state;
      told?.(`${nowS} s: ${decision.runners} runners, ${decision.why}`);
      return decision.runners;
    },
  };
}
