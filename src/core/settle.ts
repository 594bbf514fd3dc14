import type { Rule } from '../contract/workflow.ts';
import { type Decision, send } from './decision.ts';
import {
  ancestorOf,
  definitionOf,
  type Graph,
  isDetached,
  levelsLeft,
  type Segment,
  segmentAt,
  segmentsOf,
} from './graph.ts';
import {
  allEnded,
  codeOf,
  countRange,
  endedIn,
  type Progress,
  setCode,
  sourceOf,
  tallyOf,
} from './progress.ts';
import { decideRule, type Tally } from './rule.ts';
import { type Code, codes, codesCount, hasEnded } from './status.ts';

/** Ends a task; what needs it is considered when the fold settles. */
export function endTask(progress: Progress, task: number, code: Code, decision: Decision): void {
  setCode(progress, task, code);
  decision.ended.push(task);
}

/** Looks at all that the fold's ends, and the ends that follow from them, make ready or impossible. */
export function settle(progress: Progress, decision: Decision): void {
  const replayed = new Set(decision.replayed);
  const work = [...decision.replayed, ...decision.ended];
  decision.ended.length = 0;
  while (work.length > 0 || decision.parents.size > 0) {
    const task = work.pop();
    if (task === undefined) {
      for (const parent of decision.parents) closeParent(progress, parent, decision);
      decision.parents.clear();
    } else {
      considerDependents(progress, task, decision, replayed, work);
      considerParent(progress, task, decision, replayed, work);
    }
    for (const ended of decision.ended) work.push(ended);
    decision.ended.length = 0;
  }
}

function considerDependents(
  progress: Progress,
  task: number,
  decision: Decision,
  replayed: Set<number>,
  work: number[],
): void {
  const { dag } = progress.graph;
  if (task >= dag.tasks.length) return;
  for (
    let e = dag.dependentsStart[task] as number;
    e < (dag.dependentsStart[task + 1] as number);
    e++
  ) {
    const dependent = dag.dependents[e] as number;
    if (consider(progress, dependent, decision) || !replayed.has(task)) continue;
    if (!endedByDecider(progress, dependent) || replayed.has(dependent)) continue;
    replayed.add(dependent);
    work.push(dependent);
  }
}

/** Skipped, or a `none` task: nobody's report will come again for it. */
export const endedByDecider = (progress: Progress, task: number): boolean =>
  hasEnded(codeOf(progress, task)) && sourceOf(progress, task) === undefined;

function considerParent(
  progress: Progress,
  task: number,
  decision: Decision,
  replayed: Set<number>,
  work: number[],
): void {
  const segment = segmentAt(progress.graph, task);
  if (segment === undefined || isDetached(segment, task)) return;
  const parent = segment.parent;
  consult(progress, parent, parent + 1, decision);
  if (codeOf(progress, parent) === codes.awaiting) decision.parents.add(parent);
  else if (replayed.has(task) && hasEnded(codeOf(progress, parent)) && !replayed.has(parent)) {
    replayed.add(parent);
    work.push(parent);
  }
}

/** Whether a waiting task's rule is met. */
export function isReady(progress: Progress, task: number, decision: Decision): boolean {
  const rule = ruleOf(progress.graph, task);
  return decideRule(rule, tallyNeeds(progress, task, decision)) === 'ready';
}

/** A spawned task needs nothing. */
const ruleOf = (graph: Graph, task: number): Rule =>
  segmentAt(graph, task) ? 'all-succeeded' : (definitionOf(graph, task).rule ?? 'all-succeeded');

/** Has a waiting task started if its rule is met, or ended if it can no longer be. False when it is not waiting. */
export function consider(progress: Progress, task: number, decision: Decision): boolean {
  const code = codeOf(progress, task);
  if (code === codes.backoff) {
    send(progress, task, decision);
    return true;
  }
  if (code !== codes.waiting) return false;
  const { graph, head } = progress;
  const definition = definitionOf(graph, task);
  const readiness = decideRule(ruleOf(graph, task), tallyNeeds(progress, task, decision));
  if (readiness === 'wait') return true;
  if (readiness === 'skip') endTask(progress, task, codes.skipped, decision);
  else if (readiness === 'skip-by-failure')
    endTask(progress, task, codes.skippedByFailure, decision);
  else if (head.state === 'cancelling' && !survivesCancel(graph, task))
    endTask(progress, task, codes.cancelled, decision);
  else if (definition.run.kind === 'none' && levelsLeft(graph, task).length === 0)
    endTask(progress, task, codes.succeeded, decision);
  else send(progress, task, decision);
  return true;
}

/** Tasks with rule `always`, and their sub-tasks, run in a cancelled run too. */
export const survivesCancel = (graph: Graph, task: number): boolean =>
  definitionOf(graph, ancestorOf(graph, task)).rule === 'always';

const counts = new Int32Array(codesCount);

/** Outcomes of a task's needs. Runs of neighbouring numbers, as a whole level is, are counted by chunks. */
function tallyNeeds(progress: Progress, task: number, decision: Decision): Tally {
  const { dag } = progress.graph;
  counts.fill(0);
  if (task < dag.tasks.length) {
    const end = dag.needsStart[task + 1] as number;
    for (let e = dag.needsStart[task] as number; e < end; ) {
      const first = dag.needs[e] as number;
      let length = 1;
      while (e + length < end && dag.needs[e + length] === first + length) length++;
      countRange(progress, first, first + length, counts);
      consult(progress, first, first + length, decision);
      e += length;
    }
  }
  return {
    open:
      (counts[codes.waiting] as number) +
      (counts[codes.backoff] as number) +
      (counts[codes.awaiting] as number),
    succeeded: counts[codes.succeeded] as number,
    failed: counts[codes.failed] as number,
    cancelled: counts[codes.cancelled] as number,
    skipped: counts[codes.skipped] as number,
    skippedByFailure: counts[codes.skippedByFailure] as number,
  };
}

function consult(progress: Progress, from: number, to: number, decision: Decision): void {
  const size = progress.chunkSize;
  for (let n = Math.floor(from / size); n * size < to; n++) decision.consulted.add(n);
}

/** Ends a parent whose own work is done once none of its sub-tasks is open. */
function closeParent(progress: Progress, parent: number, decision: Decision): void {
  if (codeOf(progress, parent) !== codes.awaiting) return;
  let failed = false;
  for (const segment of segmentsOf(progress.graph, parent)) {
    const total = tallyChildren(progress, segment, decision);
    if (total.open > 0) return;
    failed ||= total.bad > 0;
  }
  endTask(progress, parent, failed ? codes.failed : codes.succeeded, decision);
}

function tallyChildren(
  progress: Progress,
  segment: Segment,
  decision: Decision,
): { open: number; bad: number } {
  const total = new Int32Array(codesCount);
  const end = segment.base + segment.count;
  consult(progress, segment.base, end, decision);
  if (segment.kind === 'map') countRange(progress, segment.base, end, total);
  else
    for (let task = segment.base; task < end; task++)
      if (!isDetached(segment, task)) countRange(progress, task, task + 1, total);
  const of = (code: number): number => total[code] as number;
  return {
    open: of(codes.waiting) + of(codes.backoff) + of(codes.awaiting),
    bad: of(codes.failed) + of(codes.cancelled) + of(codes.skippedByFailure),
  };
}

/** The run ends when every task has; its outcome is a function of theirs. */
export function decideEnd(progress: Progress, decision: Decision): void {
  const { head } = progress;
  if (head.state !== 'running' && head.state !== 'cancelling') return;
  if (!allEnded(progress)) {
    // Who ends the last task of a chunk that is still open comes later, and sees the others. So one is enough.
    const open = progress.chunks.findIndex((chunk) => endedIn(chunk) < chunk.status.length);
    decision.consulted.add(open);
    return;
  }
  for (let n = 0; n < progress.chunks.length; n++) decision.consulted.add(n);
  if (head.state === 'cancelling') {
    decision.end = { state: head.fails ? 'failed' : 'cancelled', reason: head.reason };
    return;
  }
  const failed = firstFailure(progress);
  decision.end =
    failed === undefined
      ? { state: 'succeeded', reason: undefined }
      : { state: 'failed', reason: `task ${failed} failed` };
}

/** The number of the first failed task that the run may not do without. */
function firstFailure(progress: Progress): number | undefined {
  if (tallyOf(progress)[codes.failed] === 0) return undefined;
  for (let task = 0; task < progress.graph.size; task++) {
    if (codeOf(progress, task) !== codes.failed) continue;
    if (definitionOf(progress.graph, task).mayFail !== true) return task;
  }
  return undefined;
}
