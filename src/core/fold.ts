import type { Happening } from '../contract/happening.ts';
import { foldLost, foldReport } from './attempt.ts';
import { cancelOpen } from './cancel.ts';
import { foldControl, resumeAll } from './control.ts';
import { type Decision, newDecision, takeBack } from './decision.ts';
import { decideEnd } from './outcome.ts';
import { isKnown, isTorn, type Progress } from './progress.ts';
import { completeRerun } from './rerun.ts';
import { settle, start } from './settle.ts';
import { foldSpawn } from './spawn.ts';

/**
 * Folds happenings into a run's progress, in place, and says what is to be done.
 *
 * What is to be done depends on the progress and on the happenings, not on what this call changed: a happening that was
 * folded before yields its dependents' sends and the run's due end again. So whoever dies between saving and sending
 * does no harm, as the happenings come again.
 *
 * What follows from a happening in other chunks than its own is decided only once it is saved: chunks are saved each
 * alone, and one that another decider changed is not. Then the decision is unfinished, and the same is to be folded again.
 *
 * Whatever the order in which happenings come, each report is judged alone: the current attempt's first one counts,
 * any other is refused.
 */
export function fold(progress: Progress, happenings: readonly Happening[]): Decision {
  return decide(progress, (decision) => {
    for (const happening of happenings) foldOne(progress, happening, decision);
  });
}

/** A run was just submitted: what of it may start. */
export function begin(progress: Progress): Decision {
  const { dag } = progress.graph;
  return decide(progress, (decision) => {
    for (let task = 0; task < dag.tasks.length && dag.level[task] === 0; task++)
      start(progress, task, decision);
  });
}

/** Everything that is open is looked at again, as if nothing had been sent: after a restart, or where nothing moves. */
export function revive(progress: Progress): Decision {
  return decide(progress, (decision) => {
    resumeAll(progress, decision);
  });
}

function decide(progress: Progress, change: (decision: Decision) => void): Decision {
  if (isTorn(progress)) return newDecision(true);
  const decision = newDecision();
  for (const chunk of progress.chunks) chunk.unsaved &&= chunk.dirty;
  completeRerun(progress);
  // It may be saved in part: what is still open by an older chunk does not go on to an end of its own.
  if (progress.head.state === 'cancelling') cancelOpen(progress, decision);
  change(decision);
  settle(progress, decision);
  takeBack(progress, decision);
  decideEnd(progress, decision);
  decision.generation = progress.head.generation;
  for (const chunk of progress.chunks)
    if (chunk.dirty) chunk.segments = progress.graph.segments.length;
  return decision;
}

function foldOne(progress: Progress, happening: Happening, decision: Decision): void {
  if (happening.kind === 'control')
    foldControl(progress, happening.id, happening.control, decision);
  else if (!isAbout(progress, happening)) decision.behind = true;
  else if (happening.kind === 'report')
    foldReport(progress, happening.id, happening.report, decision);
  else if (happening.kind === 'lost') foldLost(progress, happening.id, happening.lost, decision);
  else foldSpawn(progress, happening.id, happening.spawn, decision);
}

/** Whether this progress knows the attempt that something happened to. */
function isAbout(progress: Progress, happening: Exclude<Happening, { kind: 'control' }>): boolean {
  if (happening.kind === 'report')
    return isKnown(progress, happening.report.task, happening.report.attempt);
  if (happening.kind === 'lost')
    return isKnown(progress, happening.lost.task, happening.lost.attempt);
  return isKnown(progress, happening.spawn.parent, happening.spawn.attempt);
}
