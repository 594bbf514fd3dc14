import type { Task } from '../contract/workflow.ts';
import { compile, type Dag } from '../core/dag.ts';
import { invariant } from '../core/invariant.ts';

export interface Bounds {
  /** The longest way through the tasks: what no number of slots can shorten. */
  readonly criticalPathSeconds: number;
  readonly totalSeconds: number;
  /** No run with that many slots can be shorter. */
  readonly makespanSeconds: number;
  /** The tasks on the longest way, in order. */
  readonly criticalPath: readonly string[];
}

export interface Shape {
  readonly tasks: number;
  readonly edges: number;
  readonly levels: number;
  /** The tasks of the level that has most. */
  readonly widest: number;
}

interface HasTasks {
  readonly tasks: readonly Task[];
}

function dagOf({ tasks }: HasTasks): Dag {
  const compiled = compile(tasks);
  invariant(compiled.kind === 'dag', 'the workflow is sound');
  return compiled.dag;
}

/** How large a sound workflow is, and how much of it may run side by side. */
export function shape(workflow: HasTasks): Shape {
  const { tasks, needs, level, levels } = dagOf(workflow);
  const widths = new Int32Array(levels);
  for (const at of level) widths[at] = (widths[at] as number) + 1;
  const widest = widths.reduce((most, width) => Math.max(most, width), 0);
  return { tasks: tasks.length, edges: needs.length, levels, widest };
}

/** How long a task takes, from the `seconds` of its input; 0 when it names none. */
export function secondsOf(task: Task): number {
  const input = task.with;
  if (typeof input !== 'object' || input === null || !('seconds' in input)) return 0;
  return typeof input.seconds === 'number' ? input.seconds : 0;
}

/** Lower bounds of a sound workflow's makespan, when at most `slots` tasks run at a time. Linear. */
export function bounds(
  workflow: HasTasks,
  slots: number,
  seconds: (task: Task) => number = secondsOf,
): Bounds {
  invariant(slots >= 1, 'there is at least one slot');
  const dag = dagOf(workflow);
  const ends = new Float64Array(dag.tasks.length);
  const before = new Int32Array(dag.tasks.length).fill(-1);
  let total = 0;
  let last = 0;
  for (const [at, task] of dag.tasks.entries()) {
    const need = latest(dag, at, ends);
    before[at] = need;
    const lasts = seconds(task);
    total += lasts;
    ends[at] = lasts + (need < 0 ? 0 : (ends[need] as number));
    if ((ends[at] as number) > (ends[last] as number)) last = at;
  }
  const longest = ends[last] ?? 0;
  return {
    criticalPathSeconds: longest,
    totalSeconds: total,
    makespanSeconds: Math.max(longest, total / slots),
    criticalPath: wayTo(last, before).map((at) => (dag.tasks[at] as Task).id),
  };
}

/** Of a task's needs the one that ends last; -1 without needs. */
function latest(dag: Dag, task: number, ends: Float64Array): number {
  let found = -1;
  for (let at = dag.needsStart[task] as number; at < (dag.needsStart[task + 1] as number); at++) {
    const need = dag.needs[at] as number;
    if (found < 0 || (ends[need] as number) > (ends[found] as number)) found = need;
  }
  return found;
}

function wayTo(last: number, before: Int32Array): number[] {
  const way: number[] = [];
  for (let at = last; at >= 0; at = before[at] as number) way.push(at);
  return way.reverse();
}
