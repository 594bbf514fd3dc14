import type { Rule } from '../contract/workflow.ts';
import { consult, type Decision } from './decision.ts';
import { ancestorOf, definitionOf } from './graph.ts';
import { codeOf, countRange, type Progress } from './progress.ts';
import { decideRule, type Readiness, type Tally } from './rule.ts';
import { codes, codesCount } from './status.ts';

/** A spawned task needs nothing. */
export const ruleOf = (progress: Progress, task: number): Rule =>
  isOwn(progress, task)
    ? (definitionOf(progress.graph, task).rule ?? 'all-succeeded')
    : 'all-succeeded';

/** Whether the workflow itself holds this task: only such tasks have needs. */
const isOwn = (progress: Progress, task: number): boolean => task < progress.graph.dag.tasks.length;

const counts = new Int32Array(codesCount);

/** What a task's rule says to the outcomes of its needs. */
export function readinessOf(progress: Progress, task: number, decision: Decision): Readiness {
  countNeeds(progress, task, decision);
  return decideRule(ruleOf(progress, task), tallyOfCounts());
}

/** What it said before the tasks that `isNew` ended. */
export function readinessBefore(
  progress: Progress,
  task: number,
  isNew: (need: number) => boolean,
  decision: Decision,
): Readiness {
  countNeeds(progress, task, decision);
  const { dag } = progress.graph;
  for (let e = dag.needsStart[task] as number; e < (dag.needsStart[task + 1] as number); e++) {
    const need = dag.needs[e] as number;
    if (!isNew(need)) continue;
    const code = codeOf(progress, need);
    counts[code] = (counts[code] as number) - 1;
    counts[codes.waiting] = (counts[codes.waiting] as number) + 1;
  }
  return decideRule(ruleOf(progress, task), tallyOfCounts());
}

/**
 * Needs with neighbouring numbers, as those of a whole level have, are counted by chunks. A spawned task has none, but its
 * input may rest on what its parent needed: so these are looked at, too.
 */
function countNeeds(progress: Progress, task: number, decision: Decision): void {
  const { dag } = progress.graph;
  counts.fill(0);
  const own = isOwn(progress, task);
  const needing = own ? task : ancestorOf(progress.graph, task);
  const end = dag.needsStart[needing + 1] as number;
  for (let e = dag.needsStart[needing] as number; e < end; ) {
    const first = dag.needs[e] as number;
    let length = 1;
    while (e + length < end && dag.needs[e + length] === first + length) length++;
    if (own) countRange(progress, first, first + length, counts);
    consult(progress, first, first + length, decision);
    e += length;
  }
}

const tallyOfCounts = (): Tally => ({
  open:
    (counts[codes.waiting] as number) +
    (counts[codes.backoff] as number) +
    (counts[codes.awaiting] as number),
  succeeded: counts[codes.succeeded] as number,
  failed: counts[codes.failed] as number,
  cancelled: counts[codes.cancelled] as number,
  skipped: counts[codes.skipped] as number,
  skippedByFailure: counts[codes.skippedByFailure] as number,
});
