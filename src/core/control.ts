import { dependentsOf } from './dag.ts';
import { type Decision, send } from './decision.ts';
import { type Graph, segmentAt, segmentsOf } from './graph.ts';
import {
  attemptOf,
  type Chunk,
  clearSource,
  codeOf,
  firstTry,
  type Progress,
  setCode,
  setTries,
  sourceOf,
  triesOf,
} from './progress.ts';
import { consider, endTask, survivesCancel } from './settle.ts';
import { codes, hasEnded } from './status.ts';

/** Ends all that is open but for tasks that run `always`: these are looked at as their needs end. */
export function cancelOpen(progress: Progress, decision: Decision): void {
  for (let task = 0; task < progress.graph.size; task++) {
    if (hasEnded(codeOf(progress, task))) continue;
    if (survivesCancel(progress.graph, task)) consider(progress, task, decision);
    else endTask(progress, task, codes.cancelled, decision);
  }
}

/** Looks at every open task as if nothing had been sent. */
export function resumeAll(progress: Progress, decision: Decision): void {
  for (let task = 0; task < progress.graph.size; task++) {
    const code = codeOf(progress, task);
    if (code === codes.waiting) consider(progress, task, decision);
    else if (code === codes.backoff) send(progress, task, decision);
    else if (code === codes.awaiting) decision.parents.add(task);
  }
}

/**
 * Resets the tasks that the head's rerun names and all that needs them, chunk by chunk, once for each generation; then
 * all that is open is looked at.
 */
export function rerunFrom(progress: Progress, decision: Decision): void {
  if (progress.chunks.some((chunk) => isBehind(progress, chunk))) {
    const chosen = chooseTasks(progress);
    for (const task of chosen) reset(progress, task);
    for (const chunk of progress.chunks) {
      if (!isBehind(progress, chunk)) continue;
      chunk.generation = progress.head.generation;
      chunk.dirty = true;
    }
  }
  resumeAll(progress, decision);
}

const isBehind = (progress: Progress, chunk: Chunk): boolean =>
  chunk.generation < progress.head.generation;

/** What is named (or did not succeed), its sub-tasks, its parents, and all that needs any of these. */
function chooseTasks(progress: Progress): Set<number> {
  const { graph, head } = progress;
  const chosen = new Set<number>();
  const work: number[] = [];
  const choose = (task: number): void => {
    if (chosen.has(task)) return;
    chosen.add(task);
    work.push(task);
  };
  const seeds = head.rerun === 'failed' ? notSucceeded(progress) : withChildren(graph, head.rerun);
  for (const task of seeds) choose(task);
  for (let task = work.pop(); task !== undefined; task = work.pop()) {
    for (const dependent of dependentsOf(graph.dag, task)) choose(dependent);
    const parent = segmentAt(graph, task)?.parent;
    if (parent !== undefined) choose(parent);
  }
  return chosen;
}

function notSucceeded(progress: Progress): number[] {
  const tasks: number[] = [];
  for (let task = 0; task < progress.graph.size; task++)
    if (codeOf(progress, task) !== codes.succeeded) tasks.push(task);
  return tasks;
}

/** These tasks, their sub-tasks, and theirs. */
function withChildren(graph: Graph, named: readonly number[] = []): Set<number> {
  const tasks = new Set(named);
  for (const task of tasks)
    for (const segment of segmentsOf(graph, task))
      for (let child = segment.base; child < segment.base + segment.count; child++)
        tasks.add(child);
  return tasks;
}

function reset(progress: Progress, task: number): void {
  const chunk = progress.chunks[Math.floor(task / progress.chunkSize)] as Chunk;
  if (!isBehind(progress, chunk)) return;
  const code = codeOf(progress, task);
  if (!hasEnded(code)) return;
  if (keepsOwnWork(progress, task)) {
    setCode(progress, task, codes.awaiting);
    return;
  }
  clearSource(progress, task);
  setTries(progress, task, { ...firstTry, attempt: attemptOf(progress, task) + 1 });
  setCode(progress, task, codes.waiting);
}

/** A map that was expanded, or a task that failed only by its sub-tasks: these run again, it waits for them. */
function keepsOwnWork(progress: Progress, task: number): boolean {
  const segments = segmentsOf(progress.graph, task);
  if (segments.some((segment) => segment.kind === 'map' && segment.count > 0)) return true;
  if (segments.length === 0 || codeOf(progress, task) !== codes.failed) return false;
  const named = progress.head.rerun;
  if (Array.isArray(named) && named.includes(task)) return false;
  return sourceOf(progress, task) !== triesOf(progress, task).by;
}
