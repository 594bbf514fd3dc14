import { type Dag, dependentsOf } from './dag.ts';
import { codeOf, type Progress } from './progress.ts';
import { codes, hasEnded } from './status.ts';

/** Tasks of a pool that will be ready when what runs now has ended. */
export interface ComingLevel {
  readonly pool: string;
  /** When, epoch ms. */
  readonly at: number;
  readonly tasks: number;
}

/** A run's tasks that are running, with the time at which each began, epoch ms. */
export type RunningTasks = ReadonlyMap<number, number>;

/**
 * What is known to come of a run: tasks that wait for nothing but what runs. Those of a pool are expected together, when
 * the first of them is. As many as free a slot of that pool by their end need no new one, and are left out: a chain is
 * no reason for more runners.
 */
export function comingLevels(
  progress: Progress,
  running: RunningTasks,
  meanMs: (pool: string) => number,
  now: number,
): readonly ComingLevel[] {
  const { dag } = progress.graph;
  const poolOf = (task: number): string => dag.tasks[task]?.pool ?? 'default';
  const endOf = (task: number): number =>
    Math.max(now, (running.get(task) ?? now) + meanMs(poolOf(task)));
  const levels = new Map<string, Level>();
  for (const next of dependentsOfAll(dag, running.keys())) {
    const open = openNeeds(progress, next);
    const waits = codeOf(progress, next) === codes.waiting;
    if (!waits || open.length === 0 || !open.every((need) => running.has(need))) continue;
    const pool = poolOf(next);
    const level = levels.get(pool) ?? { at: Number.POSITIVE_INFINITY, tasks: 0, freed: new Set() };
    level.at = Math.min(level.at, Math.max(...open.map(endOf)));
    level.tasks += widthOf(dag.tasks[next]?.each);
    for (const need of open) if (poolOf(need) === pool) level.freed.add(need);
    levels.set(pool, level);
  }
  return [...levels]
    .map(([pool, { at, tasks, freed }]) => ({ pool, at, tasks: tasks - freed.size }))
    .filter(({ tasks }) => tasks > 0);
}

interface Level {
  at: number;
  tasks: number;
  /** What runs in a slot of the pool until then. */
  readonly freed: Set<number>;
}

const dependentsOfAll = (dag: Dag, tasks: Iterable<number>): ReadonlySet<number> =>
  new Set([...tasks].flatMap((task) => [...dependentsOf(dag, task)]));

function openNeeds(progress: Progress, task: number): readonly number[] {
  const { dag } = progress.graph;
  const needs = dag.needs.subarray(dag.needsStart[task], dag.needsStart[task + 1]);
  return [...needs].filter((need) => !hasEnded(codeOf(progress, need)));
}

/** How many a map makes, where its author wrote the list down; of one that is yet to be computed nothing is known. */
const widthOf = (each: readonly unknown[] | undefined): number =>
  (each ?? []).reduce((width: number, list) => width * (Array.isArray(list) ? list.length : 1), 1);
