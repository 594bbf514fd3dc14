import { areUnsaved, endOfParent } from './children.ts';
import { isLink } from './dag.ts';
import { consult, type Decision, send } from './decision.ts';
import {
  ancestorOf,
  definitionOf,
  type Graph,
  isDetached,
  levelsLeft,
  segmentAt,
} from './graph.ts';
import { readinessBefore, readinessOf, ruleOf } from './needs.ts';
import { codeOf, isUnsaved, type Progress, setCode, sourceOf, triesOf } from './progress.ts';
import { decidesEarly } from './rule.ts';
import { type Code, codes, hasEnded } from './status.ts';

/** Ends a task; what needs it is considered when the fold settles. */
export function endTask(progress: Progress, task: number, code: Code, decision: Decision): void {
  setCode(progress, task, code);
  decision.ended.push(task);
}

/**
 * Has a waiting task started if its rule is met, or ended if it can no longer be; what is in back-off is sent for its
 * time. False when the task is neither.
 */
export function consider(progress: Progress, task: number, decision: Decision): boolean {
  const code = codeOf(progress, task);
  if (code === codes.backoff) send(progress, task, decision);
  else if (code === codes.waiting) considerWaiting(progress, task, decision);
  else return false;
  return true;
}

function considerWaiting(progress: Progress, task: number, decision: Decision): void {
  switch (readinessOf(progress, task, decision)) {
    case 'wait':
      return;
    case 'skip':
      endByNeeds(progress, task, codes.skipped, decision);
      return;
    case 'skip-by-failure':
      endByNeeds(progress, task, codes.skippedByFailure, decision);
      return;
    case 'ready':
      // Its need's runner may have gone on with it, and be lost already: then another decider has its next attempt.
      if (isLink(progress.graph.dag, task)) consult(progress, task, task + 1, decision);
      startReady(progress, task, decision);
  }
}

function startReady(progress: Progress, task: number, decision: Decision): void {
  const { graph, head } = progress;
  if (needsNoRunner(graph, task)) endByNeeds(progress, task, codes.succeeded, decision);
  else if (head.state === 'cancelling' && !survivesCancel(graph, task))
    endByNeeds(progress, task, codes.cancelled, decision);
  else send(progress, task, decision);
}

/** A meeting point, which has succeeded once its rule is met. */
export const needsNoRunner = (graph: Graph, task: number): boolean =>
  definitionOf(graph, task).run.kind === 'none' && levelsLeft(graph, task).length === 0;

/** Ends a task for what its needs came to, when that is saved. */
export function endByNeeds(progress: Progress, task: number, code: Code, decision: Decision): void {
  const { dag } = progress.graph;
  const end = dag.needsStart[task + 1] ?? 0;
  for (let e = dag.needsStart[task] ?? 0; e < end; e++) {
    if (!isUnsaved(progress, dag.needs[e] as number, task)) continue;
    decision.unfinished = true;
    return;
  }
  endTask(progress, task, code, decision);
}

/** Considers a task that waits for nobody; one that the decider itself ended leads on to its dependents again. */
export function start(progress: Progress, task: number, decision: Decision): void {
  if (codeOf(progress, task) === codes.waiting) considerWaiting(progress, task, decision);
  else if (endedByDecider(progress, task)) decision.replayed.push(task);
}

/** Whether a waiting task's rule is met. */
export const isReady = (progress: Progress, task: number, decision: Decision): boolean =>
  readinessOf(progress, task, decision) === 'ready';

/** Tasks with rule `always`, and their sub-tasks, run in a cancelled run too. */
export const survivesCancel = (graph: Graph, task: number): boolean =>
  definitionOf(graph, ancestorOf(graph, task)).rule === 'always';

/** Skipped, cancelled with its run, or a `none` task: nobody's report will come again for it. */
const endedByDecider = (progress: Progress, task: number): boolean =>
  hasEnded(codeOf(progress, task)) && sourceOf(progress, task) === undefined;

/** What is noted of a task while a fold settles. */
const marks = {
  /** It ended in this fold. */
  ended: 1,
  /** It is among those that are considered next. */
  candidate: 2,
  /** A need of it ended by a happening that was folded before: what follows is to be said again. */
  again: 4,
  /** What follows from its end is said again. */
  replayed: 8,
} as const;

/** By task; all 0 between folds. */
let marked = new Uint8Array(0);

interface Wave {
  readonly progress: Progress;
  readonly decision: Decision;
  /** Every task with a mark. */
  readonly touched: number[];
  readonly candidates: number[];
}

/**
 * Looks at all that the fold's ends, and the ends that follow from them, make ready or impossible. Each task is
 * considered once for all its needs that ended together.
 */
export function settle(progress: Progress, decision: Decision): void {
  const { ended, replayed, parents } = decision;
  if (marked.length < progress.graph.size) marked = new Uint8Array(progress.graph.size * 2);
  const wave: Wave = { progress, decision, touched: [], candidates: [] };
  try {
    for (;;) {
      if (ended.length > 0 || replayed.length > 0) settleWave(wave);
      else if (parents.size > 0) closeParents(progress, decision);
      else return;
    }
  } finally {
    for (const task of wave.touched) marked[task] = 0;
  }
}

const has = (task: number, mark: number): boolean => ((marked[task] as number) & mark) !== 0;

function mark({ touched }: Wave, task: number, what: number): void {
  if (marked[task] === 0) touched.push(task);
  marked[task] = (marked[task] as number) | what;
}

function settleWave(wave: Wave): void {
  const { decision, candidates } = wave;
  const ended = decision.ended.splice(0);
  for (const task of ended) mark(wave, task, marks.ended);
  for (const task of ended) gather(wave, task, marks.candidate);
  for (const task of decision.replayed.splice(0)) {
    if (has(task, marks.replayed)) continue;
    mark(wave, task, marks.replayed);
    gather(wave, task, marks.candidate | marks.again);
  }
  for (const task of candidates) {
    marked[task] = (marked[task] as number) & ~marks.candidate;
    considerCandidate(wave, task);
  }
  candidates.length = 0;
}

/** Notes whom a task's end may concern: those that need it, and its parent. */
function gather(wave: Wave, task: number, what: number): void {
  const { dag } = wave.progress.graph;
  if (task >= dag.tasks.length) {
    noteParent(wave, task, what);
    return;
  }
  const end = dag.dependentsStart[task + 1] as number;
  for (let e = dag.dependentsStart[task] as number; e < end; e++) {
    const dependent = dag.dependents[e] as number;
    if (!has(dependent, marks.candidate)) wave.candidates.push(dependent);
    mark(wave, dependent, what);
  }
}

function considerCandidate(wave: Wave, task: number): void {
  const { progress, decision } = wave;
  const code = codeOf(progress, task);
  if (code === codes.waiting) {
    if (!wasReady(wave, task)) considerWaiting(progress, task, decision);
    return;
  }
  if (has(task, marks.ended) || !endedByDecider(progress, task)) return;
  // Saved in part: its end rests on ends that were not known till now, so what follows from it was never said.
  if (has(task, marks.again) || before(wave, task) === 'wait') decision.replayed.push(task);
}

/** Whether this task was ready, and sent, before this fold's ends: what needs only one of many is sent once. */
const wasReady = (wave: Wave, task: number): boolean =>
  !has(task, marks.again) &&
  decidesEarly(ruleOf(wave.progress, task)) &&
  before(wave, task) === 'ready';

const before = ({ progress, decision }: Wave, task: number): string =>
  readinessBefore(progress, task, (need) => has(need, marks.ended), decision);

function noteParent({ progress, decision }: Wave, task: number, what: number): void {
  const segment = segmentAt(progress.graph, task);
  if (segment === undefined || isDetached(segment, task)) return;
  const { parent } = segment;
  const code = codeOf(progress, parent);
  consult(progress, parent, parent + 1, decision);
  if (code === codes.awaiting) decision.parents.add(parent);
  if (!hasEnded(code) || has(parent, marks.ended)) return;
  // A parent that is known to have ended with its last sub-task, before that one: saved in part.
  const closed = code !== codes.cancelled && !triesOf(progress, parent).bad;
  if (closed || (what & marks.again) !== 0) decision.replayed.push(parent);
}

function closeParents(progress: Progress, decision: Decision): void {
  for (const parent of decision.parents) {
    if (codeOf(progress, parent) !== codes.awaiting) continue;
    const end = endOfParent(progress, parent, decision);
    if (end === undefined) continue;
    if (areUnsaved(progress, parent)) decision.unfinished = true;
    else endTask(progress, parent, end, decision);
  }
  decision.parents.clear();
}
