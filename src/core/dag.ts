import type { Task } from '../contract/workflow.ts';

/**
 * A workflow's tasks as compact arrays. A task's number is its place in `tasks`: level by level, by id within a level,
 * so that a number's needs are smaller than itself and the tasks of a level lie side by side.
 */
export interface Dag {
  readonly tasks: readonly Task[];
  /** Of task n: `needs[needsStart[n] .. needsStart[n + 1]]`, rising. */
  readonly needsStart: Int32Array;
  readonly needs: Int32Array;
  readonly dependentsStart: Int32Array;
  readonly dependents: Int32Array;
  /** Of task n: 0 without needs, else one more than its highest need. For display and forecast; nothing waits for a level. */
  readonly level: Int32Array;
  readonly levels: number;
}

export type Compiled =
  | { readonly kind: 'dag'; readonly dag: Dag }
  | { readonly kind: 'unknown-need'; readonly task: string; readonly need: string }
  | { readonly kind: 'duplicate'; readonly task: string }
  /** Tasks that need each other, in a ring: each needs the next, the last one the first. */
  | { readonly kind: 'cycle'; readonly tasks: readonly string[] };

/** The tasks that need this one; none for a spawned task. */
export const dependentsOf = (dag: Dag, task: number): Int32Array =>
  dag.dependents.subarray(dag.dependentsStart[task] ?? 0, dag.dependentsStart[task + 1] ?? 0);

/** Whether it has one need, whose only dependent it is: its need's runner may have gone on with it. */
export function isLink(dag: Dag, task: number): boolean {
  const first = dag.needsStart[task] as number;
  if ((dag.needsStart[task + 1] as number) - first !== 1) return false;
  return dependentsOf(dag, dag.needs[first] as number).length === 1;
}

interface Edges {
  readonly start: Int32Array;
  readonly list: Int32Array;
}

/** Compiles tasks, in time and space linear in tasks and needs. The same tasks in another order give the same dag. */
export function compile(tasks: readonly Task[]): Compiled {
  const given = sortedById(tasks);
  const index = new Map<string, number>();
  for (let i = 0; i < given.length; i++) {
    const id = (given[i] as Task).id;
    if (index.has(id)) return { kind: 'duplicate', task: id };
    index.set(id, i);
  }
  const needs = readNeeds(given, index);
  if ('kind' in needs) return needs;
  const dependents = invert(needs, given.length);
  const { level, open, free } = levelsOf(needs, dependents, given.length);
  if (free < given.length) return { kind: 'cycle', tasks: findCycle(given, needs, open) };
  return { kind: 'dag', dag: renumber(given, needs, level) };
}

/** A canonical workflow's tasks are sorted already; then nothing is copied. */
function sortedById(tasks: readonly Task[]): readonly Task[] {
  for (let i = 1; i < tasks.length; i++) {
    if ((tasks[i - 1] as Task).id > (tasks[i] as Task).id)
      return [...tasks].sort((a, b) => (a.id < b.id ? -1 : 1));
  }
  return tasks;
}

function readNeeds(tasks: readonly Task[], index: ReadonlyMap<string, number>): Edges | Compiled {
  const start = new Int32Array(tasks.length + 1);
  for (let i = 0; i < tasks.length; i++)
    start[i + 1] = (start[i] as number) + ((tasks[i] as Task).needs?.length ?? 0);
  const list = new Int32Array(start[tasks.length] as number);
  let at = 0;
  for (const task of tasks) {
    for (const need of task.needs ?? []) {
      const number = index.get(need);
      if (number === undefined) return { kind: 'unknown-need', task: task.id, need };
      list[at++] = number;
    }
  }
  return { start, list };
}

function invert(edges: Edges, count: number): Edges {
  const start = new Int32Array(count + 1);
  for (const to of edges.list) start[to + 1] = (start[to + 1] as number) + 1;
  for (let i = 0; i < count; i++) start[i + 1] = (start[i + 1] as number) + (start[i] as number);
  const list = new Int32Array(edges.list.length);
  const next = start.slice();
  for (let from = 0; from < count; from++) {
    for (let e = edges.start[from] as number; e < (edges.start[from + 1] as number); e++) {
      const to = edges.list[e] as number;
      list[next[to] as number] = from;
      next[to] = (next[to] as number) + 1;
    }
  }
  return { start, list };
}

interface Levels {
  readonly level: Int32Array;
  /** How many tasks become free, one after the other; of a task that never does, how many needs keep it. */
  readonly free: number;
  readonly open: Int32Array;
}

/** Kahn's algorithm. */
function levelsOf(needs: Edges, dependents: Edges, count: number): Levels {
  const level = new Int32Array(count);
  const open = new Int32Array(count);
  const order = new Int32Array(count);
  let end = 0;
  for (let i = 0; i < count; i++) {
    open[i] = (needs.start[i + 1] as number) - (needs.start[i] as number);
    if (open[i] === 0) order[end++] = i;
  }
  for (let at = 0; at < end; at++) {
    const task = order[at] as number;
    for (
      let e = dependents.start[task] as number;
      e < (dependents.start[task + 1] as number);
      e++
    ) {
      const dependent = dependents.list[e] as number;
      level[dependent] = Math.max(level[dependent] as number, (level[task] as number) + 1);
      open[dependent] = (open[dependent] as number) - 1;
      if (open[dependent] === 0) order[end++] = dependent;
    }
  }
  return { level, free: end, open };
}

/** Only called when some tasks never become free: each of them needs another of them, so any walk comes round. */
function findCycle(tasks: readonly Task[], needs: Edges, open: Int32Array): string[] {
  const walk: number[] = [];
  const seen = new Set<number>();
  let task = open.findIndex((count) => count > 0);
  while (!seen.has(task)) {
    seen.add(task);
    walk.push(task);
    const own = needs.list.subarray(needs.start[task], needs.start[task + 1]);
    task = own.find((need) => (open[need] as number) > 0) as number;
  }
  return walk.slice(walk.indexOf(task)).map((number) => (tasks[number] as Task).id);
}

function renumber(given: readonly Task[], needs: Edges, level: Int32Array): Dag {
  const count = given.length;
  const order = byLevel(level, count);
  const numberOf = new Int32Array(count);
  for (let number = 0; number < count; number++) numberOf[order[number] as number] = number;

  const start = new Int32Array(count + 1);
  const list = new Int32Array(needs.list.length);
  const levels = new Int32Array(count);
  let at = 0;
  for (let number = 0; number < count; number++) {
    const old = order[number] as number;
    levels[number] = level[old] as number;
    const from = at;
    for (let e = needs.start[old] as number; e < (needs.start[old + 1] as number); e++)
      list[at++] = numberOf[needs.list[e] as number] as number;
    list.subarray(from, at).sort();
    start[number + 1] = at;
  }
  const dependents = invert({ start, list }, count);
  return {
    tasks: Array.from(order, (old) => given[old] as Task),
    needsStart: start,
    needs: list,
    dependentsStart: dependents.start,
    dependents: dependents.list,
    level: levels,
    levels: count === 0 ? 0 : (levels[count - 1] as number) + 1,
  };
}

/** A stable counting sort. */
function byLevel(level: Int32Array, count: number): Int32Array {
  const next = new Int32Array(count + 1);
  for (const l of level) next[l + 1] = (next[l + 1] as number) + 1;
  for (let l = 0; l < count; l++) next[l + 1] = (next[l + 1] as number) + (next[l] as number);
  const order = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const l = level[i] as number;
    order[next[l] as number] = i;
    next[l] = (next[l] as number) + 1;
  }
  return order;
}
