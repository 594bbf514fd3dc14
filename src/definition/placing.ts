import { createHash } from 'node:crypto';
import type { ProblemDetail } from '../contract/problem.ts';
import type { Capacity, Resources } from '../contract/resources.ts';
import type { Task, Workflow } from '../contract/workflow.ts';
import { amountText, beyond } from '../core/resources.ts';
import type { Accepted } from './accept.ts';
import { canonicalText } from './canonical.ts';
import { mistakesMax, problemOf } from './mistakes.ts';
import { printTime } from './time.ts';

/** What is declared of a pool. */
export interface PoolFacts {
  /** How long an attempt may take. Default: as long as it wants. */
  readonly attemptMsMax?: number | undefined;
  /** What one of its runners has. */
  readonly capacity: Capacity;
}

type Pools = Readonly<Record<string, PoolFacts>>;

/**
 * Accepts what fits the pools that are there: a task that takes longer than its pool lets it, or asks for more than a
 * runner of it has, is placed in the smallest that has room for it, and says so. Where there is none it is refused, since
 * it would be cut off, or wait for ever.
 */
export const placing =
  (pools: Pools, accept: (given: Workflow) => Accepted) =>
  (given: Workflow): Accepted => {
    const accepted = accept(given);
    const refused: ProblemDetail[] = [];
    const tasks = accepted.workflow.tasks.map((task, at) => {
      const place = placeOf(task, pools);
      if (typeof place !== 'string') return place;
      if (refused.length < mistakesMax)
        refused.push({ pointer: `/tasks/${at}`, message: `task ${task.id}: ${place}` });
      return task;
    });
    if (refused.length > 0) throw problemOf(refused);
    if (tasks.every((task, i) => task === accepted.workflow.tasks[i])) return accepted;
    const workflow = { ...accepted.workflow, tasks };
    const text = canonicalText(workflow);
    return { workflow, text, hash: createHash('sha256').update(text).digest('hex') };
  };

/** Accepts what fits one runner, whatever pool a task names. */
export const fittingOne =
  <Given extends { readonly workflow: Workflow }>(
    capacity: Capacity,
    accept: (given: Workflow) => Given,
  ) =>
  (given: Workflow): Given => {
    const accepted = accept(given);
    const refused: ProblemDetail[] = [];
    for (const [at, { id, resources }] of accepted.workflow.tasks.entries()) {
      if (resources === undefined || refused.length >= mistakesMax) continue;
      const why = excesses(resources, capacity, 'this machine has');
      if (why.length > 0)
        refused.push({
          pointer: `/tasks/${at}/resources`,
          message: `task ${id}: ${why.join('; ')}`,
        });
    }
    if (refused.length > 0) throw problemOf(refused);
    return accepted;
  };

const excesses = (resources: Resources, there: Capacity, has: string): readonly string[] =>
  beyond(resources, there).map(
    (kind) =>
      `it asks for ${amountText(kind, resources[kind] ?? 0)}, and ${has} ${amountText(kind, there[kind])}`,
  );

/** The task where it fits, or why it fits nowhere. */
function placeOf(task: Task, pools: Pools): Task | string {
  if (task.limits?.runMs === undefined && task.resources === undefined) return task;
  const own = task.pool ?? 'default';
  const why = misfits(task, own, pools[own]);
  if (why.length === 0) return task;
  const other = Object.keys(pools)
    .sort()
    .filter((pool) => misfits(task, pool, pools[pool]).length === 0)
    .sort((a, b) => sizeOf(pools[a]) - sizeOf(pools[b]))[0];
  if (other === undefined) return `${why.join('; ')}, and no other pool has room for it`;
  return { ...task, pool: other, placed: `in pool ${other}: ${why.join('; ')}` };
}

/** Why a task cannot run in a pool. */
function misfits(task: Task, pool: string, facts: PoolFacts | undefined): readonly string[] {
  const { attemptMsMax: most, capacity } = facts ?? {};
  const runMs = task.limits?.runMs;
  const why: string[] = [];
  if (runMs !== undefined && most !== undefined && runMs > most)
    why.push(
      `its time limit of ${printTime(runMs)} is longer than the ${printTime(most)} that pool ${pool} lets an attempt take`,
    );
  if (task.resources !== undefined && capacity !== undefined)
    why.push(...excesses(task.resources, capacity, `a runner of pool ${pool} has`));
  return why;
}

/** What is scarce comes first. */
const sizeOf = (facts: PoolFacts | undefined): number =>
  facts === undefined
    ? 0
    : facts.capacity.gpu * 1e12 + facts.capacity.cpu * 1e8 + facts.capacity.memoryMb;
