import type { Happening } from '../contract/happening.ts';
import type { Dag } from './dag.ts';
import type { Decision } from './decision.ts';
import { definitionOf } from './graph.ts';
import { attemptOf, codeOf, isCurrent, isKnown, type Progress } from './progress.ts';
import { codes } from './status.ts';

const known = new WeakMap<Dag, boolean>();

/** Whether anything of a workflow is limited. What is not never looks at limits. */
export function isLimited(dag: Dag): boolean {
  let limited = known.get(dag);
  if (limited === undefined) {
    limited = dag.tasks.some(({ limitedBy }) => limitedBy !== undefined);
    known.set(dag, limited);
  }
  return limited;
}

/**
 * Notes what limited attempts no longer need, as these happenings say: whether they were folded just now or before. By its
 * runner's word (a report, or its loss) an attempt is over; one that its run's cancel ended may still be at work.
 */
export function noteFreed(
  progress: Progress,
  happenings: readonly Happening[],
  decision: Decision,
): void {
  if (!isLimited(progress.graph.dag)) return;
  for (const happening of happenings) {
    if (happening.kind === 'report')
      over(progress, happening.report.task, happening.report.attempt, true, decision);
    else if (happening.kind === 'lost')
      over(progress, happening.lost.task, happening.lost.attempt, true, decision);
    else if (happening.kind === 'spawn' && happening.spawn.made.kind === 'impossible')
      over(progress, happening.spawn.parent, happening.spawn.attempt, false, decision);
    else if (happening.kind === 'control' && happening.control.action === 'cancel')
      allCancelled(progress, decision);
  }
}

function over(
  progress: Progress,
  task: number,
  attempt: number,
  byRunner: boolean,
  decision: Decision,
): void {
  if (!isKnown(progress, task, attempt) || isCurrent(progress, task, attempt)) return;
  if (definitionOf(progress.graph, task).limitedBy === undefined) return;
  decision.freed.push({ task, attempt, byRunner });
}

function allCancelled(progress: Progress, decision: Decision): void {
  for (let task = 0; task < progress.graph.size; task++)
    if (codeOf(progress, task) === codes.cancelled)
      over(progress, task, attemptOf(progress, task), false, decision);
}
