/** Builders for tests of the core: progress of a run in memory, and the happenings that are folded into it. */
import type { AttemptError, SpawnRequest } from '../../src/contract/execution.ts';
import type { Control, Happening, Report, Spawn } from '../../src/contract/happening.ts';
import type { Json } from '../../src/contract/json.ts';
import type { Task } from '../../src/contract/workflow.ts';
import { decodeChunk, encodeChunk } from '../../src/core/chunk-codec.ts';
import { compile, type Dag } from '../../src/core/dag.ts';
import type { Decision } from '../../src/core/decision.ts';
import { fold } from '../../src/core/fold.ts';
import { extend, graphOf, idOf, numberOf } from '../../src/core/graph.ts';
import { attemptOf, codeOf, grow, type Head, type Progress } from '../../src/core/progress.ts';
import { statuses } from '../../src/core/status.ts';

export type TaskOptions = Partial<Task>;

/** A task that runs a command, unless it says otherwise. */
export const taskOf = (id: string, options: TaskOptions = {}): Task => ({
  id,
  run: { kind: 'command', argv: ['true'] },
  ...options,
});

export function dagOf(tasks: readonly Task[]): Dag {
  const compiled = compile(tasks);
  if (compiled.kind !== 'dag') throw new Error(`these tasks do not compile: ${compiled.kind}`);
  return compiled.dag;
}

export const headOf = (runId = 'run'): Head => ({
  runId,
  state: 'running',
  generation: 1,
  reason: undefined,
  fails: false,
  controls: [],
  rerun: undefined,
  dirty: false,
});

export function progressOf(tasks: readonly Task[], chunkSize = 1000, runId = 'run'): Progress {
  const graph = graphOf(dagOf(tasks));
  const progress: Progress = { head: headOf(runId), graph, chunks: [], chunkSize };
  grow(progress);
  return progress;
}

export function num(progress: Progress, id: string): number {
  const number = numberOf(progress.graph, id);
  if (number === undefined) throw new Error(`there is no task ${id}`);
  return number;
}

export const statusOf = (progress: Progress, id: string): string =>
  statuses[codeOf(progress, num(progress, id))] as string;

/** Every task's status, by id. */
export const statusesOf = (progress: Progress): Record<string, string> =>
  Object.fromEntries(
    Array.from({ length: progress.graph.size }, (_, task) => [
      idOf(progress.graph, task),
      statuses[codeOf(progress, task)] as string,
    ]),
  );

/** What a decision sends, as `id@attempt`, sorted. */
export const sentBy = (progress: Progress, decision: Decision): string[] =>
  [...decision.sends.values()]
    .map(({ task, attempt }) => `${idOf(progress.graph, task)}@${attempt}`)
    .sort();

export const expandedBy = (progress: Progress, decision: Decision): string[] =>
  [...decision.expands].map(([task, attempt]) => `${idOf(progress.graph, task)}@${attempt}`).sort();

export interface ReportOptions extends Partial<Omit<Report, 'task' | 'outcome'>> {
  readonly id?: string;
}

let packs = 0;

/** A report of a task's current attempt, in a pack of its own, unless it says otherwise. */
export function reported(
  progress: Progress,
  task: string,
  outcome: Report['outcome'] = 'succeeded',
  { id = `PACK#r#${(++packs).toString(36).padStart(8, '0')}`, ...options }: ReportOptions = {},
): Happening {
  const number = num(progress, task);
  const attempt = attemptOf(progress, number);
  const report = { task: number, attempt, outcome, startedAt: 1000, endedAt: 2000, ...options };
  return { kind: 'report', id, report };
}

export const failed = (
  progress: Progress,
  task: string,
  error: Partial<AttemptError> = {},
  options: ReportOptions = {},
): Happening =>
  reported(progress, task, 'failed', {
    error: { reason: 'error', message: 'it failed', ...error },
    ...options,
  });

export function lost(
  progress: Progress,
  task: string,
  attempt = attemptOf(progress, num(progress, task)),
): Happening {
  const number = num(progress, task);
  const id = `LOST#${number}#${attempt}`;
  return { kind: 'lost', id, lost: { task: number, attempt, at: 3000, reason: 'gone' } };
}

export function spawned(
  progress: Progress,
  parent: string,
  made: Spawn['made'],
  attempt = attemptOf(progress, num(progress, parent)),
  part = 0,
): Happening {
  const number = num(progress, parent);
  const id = `SPAWN#${number}#${attempt}#${part}`;
  return { kind: 'spawn', id, spawn: { parent: number, attempt, at: 1500, made } };
}

export const mapOf = (...items: readonly Json[]): Spawn['made'] => ({ kind: 'map', items });

/** Requests by their keys; a key that ends in `!` is of a detached one. */
export const tasksOf = (...keys: readonly string[]): Spawn['made'] => ({
  kind: 'tasks',
  requests: keys.map(
    (key): SpawnRequest =>
      key.endsWith('!') ? { key: key.slice(0, -1), detached: true } : { key },
  ),
});

let controls = 0;

export const control = (
  action: Control['action'],
  options: Partial<Control> & { readonly id?: string } = {},
): Happening => {
  const { id = `CONTROL#${(++controls).toString().padStart(8, '0')}`, ...rest } = options;
  return { kind: 'control', id, control: { action, at: 4000, ...rest } };
};

/** Folds until nothing more follows, with all that changed saved in between. */
export function foldSaved(progress: Progress, happenings: readonly Happening[]): Decision {
  for (;;) {
    const decision = fold(progress, happenings);
    for (const chunk of progress.chunks) chunk.dirty = false;
    if (!decision.unfinished) return decision;
  }
}

/** The same run as it is after everything was stored and read again. `spawns`: all that were ever folded. */
export function reloaded(progress: Progress, spawns: readonly Happening[] = []): Progress {
  const { head, graph, chunkSize } = progress;
  const copy: Progress = {
    head: structuredClone(head),
    graph: graphOf(graph.dag, [...graph.renewals]),
    chunks: [],
    chunkSize,
  };
  for (const { id } of graph.segments) {
    const found = spawns.find((happening) => happening.kind === 'spawn' && happening.id === id);
    if (found?.kind !== 'spawn') throw new Error(`spawn ${id} is not at hand`);
    extend(copy.graph, id, structuredClone(found.spawn));
  }
  for (const chunk of progress.chunks) {
    const stored = encodeChunk(chunk);
    const data = JSON.parse(JSON.stringify(stored.data));
    copy.chunks.push(decodeChunk({ data, bytes: stored.bytes }, chunk.version));
  }
  grow(copy);
  return copy;
}

/** Notes the end that a decision gives, as whoever saves it does. */
export function close(progress: Progress, decision: Decision): Decision {
  if (decision.end !== undefined) {
    progress.head.state = decision.end.state;
    progress.head.reason = decision.end.reason;
  }
  return decision;
}

/** What of progress is stored, to be compared. */
export const storedOf = (progress: Progress): unknown => ({
  head: { ...progress.head, dirty: undefined },
  segments: progress.graph.segments.map(({ id, base, count }) => [id, base, count]),
  renewals: [...progress.graph.renewals],
  chunks: progress.chunks.map((chunk) => {
    const { data, bytes } = encodeChunk(chunk);
    return { data, bytes: [...bytes] };
  }),
});
