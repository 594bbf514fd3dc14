import { hasChildren } from './children.ts';
import { dependentsOf } from './dag.ts';
import { ancestorOf, counts, isDetached, renew, segmentAt, segmentsOf } from './graph.ts';
import {
  attemptOf,
  type Chunk,
  chunkOf,
  clearSource,
  codeOf,
  nextTry,
  type Progress,
  setCode,
  setTries,
  sourceOf,
  triesOf,
} from './progress.ts';
import { codes, hasEnded } from './status.ts';

/**
 * Resets the tasks that the head's rerun names and all that needs them, chunk by chunk, once for each generation. A chunk
 * that is behind the head was left by a save that failed in part: whoever folds next completes it.
 */
export function completeRerun(progress: Progress): void {
  const { graph, head, chunks } = progress;
  const behind = (chunk: Chunk): boolean => chunk.generation < head.generation;
  if (!chunks.some(behind)) return;
  const { chosen, anew } = chooseTasks(progress);
  const resets = [...chosen].filter((task) => behind(chunkOf(progress, task)));
  const last = lastAttempts(progress);
  for (const task of resets) {
    if (!anew.has(task) && !expandsAgain(progress, task)) continue;
    const first = (last.get(ancestorOf(graph, task)) ?? 0) + 1;
    renew(graph, task, attemptOf(progress, task) + 1, first);
    head.dirty = true;
  }
  for (const task of resets) if (counts(graph, task)) reset(progress, task, anew.has(task));
  for (const chunk of chunks.filter(behind)) {
    chunk.generation = head.generation;
    chunk.dirty = true;
  }
}

/** A map whose expansion was saved in part, its elements known and it not: it is expanded again, into other ones. */
const expandsAgain = (progress: Progress, task: number): boolean =>
  !ownWorkDone(progress, task) &&
  segmentsOf(progress.graph, task).some(({ kind }) => kind === 'map');

/** The highest number of an attempt at anything that was ever spawned below each of the workflow's tasks. */
function lastAttempts(progress: Progress): ReadonlyMap<number, number> {
  const { graph } = progress;
  const last = new Map<number, number>();
  for (const { parent, base, count } of graph.segments) {
    const ancestor = ancestorOf(graph, parent);
    let most = last.get(ancestor) ?? 0;
    for (let task = base; task < base + count; task++)
      most = Math.max(most, attemptOf(progress, task));
    last.set(ancestor, most);
  }
  return last;
}

interface Chosen {
  readonly chosen: ReadonlySet<number>;
  /** Those of them whose own work is to be done anew, also if it succeeded: they are named, or a need of theirs is chosen. */
  readonly anew: ReadonlySet<number>;
}

/** What is named (or did not succeed), its parents, and all that needs any of these. */
function chooseTasks(progress: Progress): Chosen {
  const { graph, head } = progress;
  const named = head.rerun === 'failed' ? [] : (head.rerun ?? []);
  const anew = new Set(named);
  const chosen = new Set(head.rerun === 'failed' ? notSucceeded(progress) : named);
  // A set is walked through to what is added on the way.
  for (const task of chosen) {
    for (const dependent of dependentsOf(graph.dag, task)) {
      anew.add(dependent);
      chosen.add(dependent);
    }
    const segment = segmentAt(graph, task);
    if (segment !== undefined && !isDetached(segment, task)) chosen.add(segment.parent);
  }
  return { chosen, anew };
}

function notSucceeded(progress: Progress): number[] {
  const tasks: number[] = [];
  for (let task = 0; task < progress.graph.size; task++)
    if (codeOf(progress, task) !== codes.succeeded && counts(progress.graph, task))
      tasks.push(task);
  return tasks;
}

function reset(progress: Progress, task: number, anew: boolean): void {
  if (!hasEnded(codeOf(progress, task))) return;
  if (!anew && ownWorkDone(progress, task)) {
    setCode(progress, task, codes.awaiting);
    return;
  }
  const next = nextTry(triesOf(progress, task), sourceOf(progress, task) ?? '');
  clearSource(progress, task);
  setTries(progress, task, { ...next, tries: 0, lost: 0, since: 0, readyAt: 0 });
  setCode(progress, task, codes.waiting);
}

/** A map that was expanded, or a task that is not well only by its sub-tasks: these run again, it waits for them. */
const ownWorkDone = (progress: Progress, task: number): boolean =>
  sourceOf(progress, task) !== undefined &&
  !triesOf(progress, task).bad &&
  hasChildren(progress.graph, task);
