import type { RunGraph, RunSummary } from '../../src/contract/api.ts';
import type { TaskState } from '../../src/contract/state.ts';
import { stateAt } from '../model/states.ts';
import { server } from './server.ts';

export interface Grid {
  /** Oldest first. */
  readonly runs: readonly RunSummary[];
  /** Of the newest run first, then what only older ones had. */
  readonly tasks: readonly string[];
  readonly tasksLeftOut: number;
  readonly stateOf: (run: string, task: string) => TaskState | undefined;
}

const RUNS = 24;
const TASKS_MAX = 150;
const AT_ONCE = 4;
/** Of one definition all graphs are the same. */
const graphs = new Map<string, RunGraph>();

/** The last runs of a workflow, and how each of its tasks stood in them. */
export async function readGrid(workflow: string): Promise<Grid> {
  const { items } = await server.runs({ workflow, limit: RUNS });
  const states = new Map<string, ReadonlyMap<string, TaskState>>();
  const tasks = new Set<string>();
  for (let from = 0; from < items.length; from += AT_ONCE) {
    const some = items.slice(from, from + AT_ONCE);
    const found = await Promise.all(some.map(standingOf));
    for (const [n, { id }] of some.entries()) states.set(id, found[n] ?? new Map());
  }
  for (const { id } of items) for (const task of states.get(id)?.keys() ?? []) tasks.add(task);
  return {
    runs: items.toReversed(),
    tasks: [...tasks].slice(0, TASKS_MAX),
    tasksLeftOut: Math.max(0, tasks.size - TASKS_MAX),
    stateOf: (run, task) => states.get(run)?.get(task),
  };
}

async function standingOf({ id, hash }: RunSummary): Promise<ReadonlyMap<string, TaskState>> {
  const [graph, { states }] = await Promise.all([
    graphs.get(hash) ?? server.graph(id),
    server.states(id),
  ]);
  graphs.set(hash, graph);
  const shown = graph.tasks.slice(0, 2 * TASKS_MAX);
  return new Map(shown.map((task, n) => [task.id, stateAt(states[n])]));
}
