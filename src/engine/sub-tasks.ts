import type { TaskView } from '../contract/api.ts';
import { parentOf } from '../core/graph.ts';
import { type AtWork, noCounts, runningView, statesOf } from './inspect.ts';
import type { LoadedRun } from './loaded-run.ts';

/** Of all that descends from a task: how it stands, and what the one that gave the last sign said. */
export function viewSubTasks(
  run: LoadedRun,
  task: number,
  atWork: readonly AtWork[],
): TaskView['subTasks'] {
  const { graph } = run.progress;
  const states = statesOf(run, atWork);
  const counts = noCounts();
  const below = new Uint8Array(states.length);
  below[task] = 1;
  let found = 0;
  // Sub-tasks have higher numbers than whose they are.
  for (let next = task + 1; next < states.length; next++) {
    const parent = parentOf(graph, next);
    if (parent === undefined || below[parent] === 0) continue;
    below[next] = 1;
    counts[states[next] as keyof typeof counts]++;
    found++;
  }
  if (found === 0) return undefined;
  const signOf = ({ stepAt, since }: AtWork) => stepAt ?? since;
  const last = atWork
    .filter((one) => one.task !== task && below[one.task] === 1)
    .reduce<AtWork | undefined>(
      (best, one) => (best && signOf(best) >= signOf(one) ? best : one),
      undefined,
    );
  return { counts, ...(last && { last: runningView(run, last) }) };
}
