/** What draws a run: its own tasks with their needs, which never change, and how they stand, in few bytes. */
import type { Counts, GraphTask, RunGraph, RunStates } from '../contract/api.ts';
import { type TaskState, taskStates } from '../contract/state.ts';
import type { Dag } from '../core/dag.ts';
import { ancestorOf } from '../core/graph.ts';
import { type AtWork, noCounts, statesOf } from './inspect.ts';
import type { LoadedRun } from './loaded-run.ts';

export const graphOfRun = ({ dag }: LoadedRun): RunGraph => ({
  tasks: dag.tasks.map((_, task) => graphTask(dag, task)),
});

function graphTask(dag: Dag, number: number): GraphTask {
  const { id, run, each, pool } = dag.tasks[number] as Dag['tasks'][number];
  const needs = dag.needs.subarray(dag.needsStart[number], dag.needsStart[number + 1]);
  return {
    id,
    kind: run.kind,
    ...(needs.length > 0 && { needs: [...needs] }),
    ...(each !== undefined && { each: true }),
    ...(pool !== undefined && { pool }),
  };
}

export function statesOfRun(run: LoadedRun, atWork: readonly AtWork[]): RunStates {
  const states = statesOf(run, atWork);
  const own = run.dag.tasks.length;
  const subTasks = new Map<number, Record<TaskState, number>>();
  for (let task = own; task < states.length; task++) {
    const counts = countsFor(subTasks, ancestorOf(run.progress.graph, task));
    counts[states[task] as TaskState]++;
  }
  return {
    state: run.meta.state,
    generation: run.meta.generation,
    states: states.slice(0, own).map(digitOf).join(''),
    subTasks: [...subTasks] as readonly (readonly [number, Counts])[],
  };
}

const digitOf = (state: TaskState): number => taskStates.indexOf(state);

function countsFor(
  all: Map<number, Record<TaskState, number>>,
  task: number,
): Record<TaskState, number> {
  const known = all.get(task) ?? noCounts();
  all.set(task, known);
  return known;
}
