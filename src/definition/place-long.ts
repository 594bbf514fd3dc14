import { createHash } from 'node:crypto';
import { Problem } from '../contract/problem.ts';
import type { Task, Workflow } from '../contract/workflow.ts';
import type { Accepted } from './accept.ts';
import { canonicalText } from './canonical.ts';
import { printTime } from './time.ts';

/** Pools, and how long an attempt may take in each; undefined: as long as it wants. */
export type PoolTimes = Readonly<Record<string, { readonly attemptMsMax?: number | undefined }>>;

/**
 * Accepts what fits the pools that are there: a task whose time limit is longer than its pool lets an attempt take is
 * placed in one that lets it, and says so. Where there is none it is refused, since it would be cut off.
 */
export const placing =
  (pools: PoolTimes, accept: (given: Workflow) => Accepted) =>
  (given: Workflow): Accepted => {
    const accepted = accept(given);
    const tasks = accepted.workflow.tasks.map((task) => placed(task, pools));
    if (tasks.every((task, i) => task === accepted.workflow.tasks[i])) return accepted;
    const workflow = { ...accepted.workflow, tasks };
    const text = canonicalText(workflow);
    return { workflow, text, hash: createHash('sha256').update(text).digest('hex') };
  };

function placed(task: Task, pools: PoolTimes): Task {
  const runMs = task.limits?.runMs;
  const own = task.pool ?? 'default';
  const most = pools[own]?.attemptMsMax;
  if (runMs === undefined || most === undefined || runMs <= most) return task;
  const why = `its time limit of ${printTime(runMs)} is longer than the ${printTime(most)} that pool ${own} lets an attempt take`;
  const other = Object.keys(pools)
    .sort()
    .find((pool) => (pools[pool]?.attemptMsMax ?? Number.POSITIVE_INFINITY) >= runMs);
  if (other !== undefined) return { ...task, pool: other, placed: `in pool ${other}: ${why}` };
  const message = `task ${task.id}: ${why}, and no other pool lets it take longer`;
  throw new Problem('workflow-invalid', message, [{ message }]);
}
