import type { RunState } from '../../../src/contract/state.ts';
import {
  definitionOf,
  firstAttemptOf,
  type Graph,
  idOf,
  isDetached,
  segmentAt,
} from '../../../src/core/graph.ts';
import type { Renewal } from '../../../src/core/renewal.ts';
import { codes, statuses } from '../../../src/core/status.ts';
import type { Generation, Outcome } from '../world/explain.ts';

/** How a run was when it ended: once for each generation. */
export interface End {
  readonly generation: number;
  readonly state: RunState;
  readonly renewals: readonly Renewal[];
  /** By task: how it ended. */
  readonly status: readonly number[];
  /** By task: its last attempt, if that is not the first. */
  readonly attempts: ReadonlyMap<number, number>;
}

/**
 * What a run came to in each of its generations, by the ids of its tasks. `firsts`: by task and generation, the first
 * attempt of what was begun anew.
 */
export function generationsOf(
  graph: Graph,
  ends: readonly End[],
  firsts: ReadonlyMap<string, number>,
): readonly Generation[] {
  return ends.map((end, n) => {
    const before = ends[n - 1];
    const kept = keptFrom(graph, before);
    const tasks = new Map<string, Outcome>();
    for (const [task, code] of end.status.entries()) {
      if (!countsThen(graph, end, task)) continue;
      const first = firsts.get(`${task}@${end.generation}`) ?? firstAttemptOf(graph, task);
      const left =
        !kept.has(task) && wasLeft(graph, end, before, task) && first <= attemptIn(before, task);
      tasks.set(idOf(graph, task), { verdict: verdictOf(code), first, kept: kept.has(task), left });
    }
    return { cancelled: end.state === 'cancelled', tasks };
  });
}

const attemptIn = (end: End | undefined, task: number): number => end?.attempts.get(task) ?? 1;

/** Whether a task that runs, and has no sub-tasks, was well before and is so still. */
function wasLeft(graph: Graph, end: End, before: End | undefined, task: number): boolean {
  const both = [before?.status[task], end.status[task]];
  const parent = graph.segments.some((segment) => segment.parent === task);
  const idle = definitionOf(graph, task).run.kind === 'none';
  return !parent && !idle && both.every((code) => code === codes.succeeded);
}

function verdictOf(code: number): Outcome['verdict'] {
  const status = statuses[code];
  if (status === 'skippedByFailure') return 'doomed';
  return status as Exclude<Outcome['verdict'], 'doomed'>;
}

/** Whether a task was part of the run when it ended: no task above it had begun anew since it was spawned. */
function countsThen(graph: Graph, { renewals }: End, task: number): boolean {
  const began = new Map(renewals.map(([parent, anew]) => [parent, anew.at(-1)?.[0] ?? 0]));
  for (let segment = segmentAt(graph, task); segment; segment = segmentAt(graph, segment.parent))
    if (segment.attempt < (began.get(segment.parent) ?? 0)) return false;
  return true;
}

/** What a rerun leaves alone: not what did not succeed, nor what needs that, nor who waits for it. */
function keptFrom(graph: Graph, before: End | undefined): ReadonlySet<number> {
  if (before === undefined) return new Set();
  const counting = before.status.flatMap((_, task) =>
    countsThen(graph, before, task) ? [task] : [],
  );
  const chosen = new Set(counting.filter((task) => before.status[task] !== codes.succeeded));
  for (const task of chosen) {
    const { id } = graph.dag.tasks[task] ?? {};
    for (const [dependent, { needs }] of graph.dag.tasks.entries())
      if (id !== undefined && needs?.includes(id)) chosen.add(dependent);
    const segment = segmentAt(graph, task);
    if (segment && !isDetached(segment, task)) chosen.add(segment.parent);
  }
  return new Set(counting.filter((task) => !chosen.has(task)));
}
