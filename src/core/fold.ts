import type { Control, Happening, Lost, Report, Spawn } from '../contract/happening.ts';
import { chance } from './chance.ts';
import { cancelOpen, rerunFrom, resumeAll } from './control.ts';
import { type Decision, newDecision } from './decision.ts';
import { definitionOf, extend, isDetached, type Segment, segmentsOf } from './graph.ts';
import {
  attemptOf,
  codeOf,
  grow,
  type Head,
  type Progress,
  refuse,
  setCode,
  setSource,
  setTries,
  sourceOf,
  type Tries,
  triesOf,
} from './progress.ts';
import { decideLost, decideRetry } from './retry.ts';
import { consider, decideEnd, endedByDecider, endTask, isReady, settle } from './settle.ts';
import { codes, hasEnded, isOver } from './status.ts';

/**
 * Folds happenings into a run's progress, in place, and says what is to be done.
 *
 * What is to be done depends on the progress and on the happenings, not on what this call changed: a happening that was
 * folded before yields its dependents' sends and the run's due end again. So whoever dies between saving and sending
 * does no harm, as the happenings come again.
 *
 * Whatever the order in which happenings come, each report is judged alone: the current attempt's first one counts,
 * any other is refused.
 */
export function fold(progress: Progress, happenings: readonly Happening[]): Decision {
  const decision = newDecision();
  for (const happening of happenings) {
    switch (happening.kind) {
      case 'report':
        foldReport(progress, happening.id, happening.report, decision);
        break;
      case 'lost':
        foldLost(progress, happening.id, happening.lost, decision);
        break;
      case 'spawn':
        foldSpawn(progress, happening.id, happening.spawn, decision);
        break;
      case 'control':
        foldControl(progress, happening.id, happening.control, decision);
        break;
    }
  }
  settle(progress, decision);
  decideEnd(progress, decision);
  return decision;
}

/** A run was just submitted: what of it may start. */
export function begin(progress: Progress): Decision {
  const decision = newDecision();
  const { dag } = progress.graph;
  for (let task = 0; task < dag.tasks.length && dag.level[task] === 0; task++)
    start(progress, task, decision);
  settle(progress, decision);
  decideEnd(progress, decision);
  return decision;
}

/** Considers a task that nothing is needed for; one that the decider ended at once leads on to its dependents again. */
function start(progress: Progress, task: number, decision: Decision): void {
  if (!consider(progress, task, decision) && endedByDecider(progress, task))
    decision.replayed.push(task);
}

/** Everything that is open is looked at again, as if nothing had been sent: after a restart, or where nothing moves. */
export function revive(progress: Progress): Decision {
  const decision = newDecision();
  if (progress.head.state === 'cancelling') cancelOpen(progress, decision);
  resumeAll(progress, decision);
  settle(progress, decision);
  decideEnd(progress, decision);
  return decision;
}

function foldReport(progress: Progress, id: string, report: Report, decision: Decision): void {
  const { task, attempt } = report;
  if (task >= progress.graph.size) return;
  if (report.continued) decision.continued.set(report.continued.task, { ...report.continued, after: task });
  const code = codeOf(progress, task);
  if (sourceOf(progress, task) === id && attempt === attemptOf(progress, task)) {
    if (hasEnded(code)) decision.replayed.push(task);
    else decision.parents.add(task);
    return;
  }
  const tries = triesOf(progress, task);
  if (tries.by === id) resend(progress, task, decision);
  else if (!isCurrent(progress, task, attempt)) refuseReport(progress, id, report);
  else if (report.after && !ledHere(progress, report.after)) {
    refuse(progress, task, attempt, id);
    again(progress, task, { ...tries, readyAt: 0, by: id }, decision);
  } else accept(progress, id, report, tries, decision);
}

/** Whether this attempt's end is awaited. */
function isCurrent(progress: Progress, task: number, attempt: number): boolean {
  const code = codeOf(progress, task);
  const open = code === codes.waiting || code === codes.backoff;
  return open && attemptOf(progress, task) === attempt;
}

/** That a cancelled task's attempt was cancelled is as expected. */
function refuseReport(progress: Progress, id: string, report: Report): void {
  const { task, attempt, outcome } = report;
  if (outcome === 'cancelled' && codeOf(progress, task) === codes.cancelled) return;
  refuse(progress, task, attempt, id);
}

/** Whether the attempt that a runner went on from is the one that counts. */
function ledHere(progress: Progress, after: NonNullable<Report['after']>): boolean {
  const code = codeOf(progress, after.task);
  return code === codes.succeeded && attemptOf(progress, after.task) === after.attempt;
}

function accept(
  progress: Progress,
  id: string,
  report: Report,
  tries: Tries,
  decision: Decision,
): void {
  const { task } = report;
  switch (report.outcome) {
    case 'succeeded':
      setSource(progress, task, id);
      if (opensChildren(progress, task)) {
        setCode(progress, task, codes.awaiting);
        decision.parents.add(task);
      } else endTask(progress, task, codes.succeeded, decision);
      return;
    case 'cancelled':
      setSource(progress, task, id);
      endTask(progress, task, codes.cancelled, decision);
      return;
    case 'released':
      again(progress, task, { ...tries, readyAt: 0, by: id }, decision);
      return;
    case 'failed':
      acceptFailure(progress, id, report, tries, decision);
      return;
  }
}

function acceptFailure(
  progress: Progress,
  id: string,
  report: Report,
  before: Tries,
  decision: Decision,
): void {
  const { task, attempt } = report;
  const tries = { ...before, tries: before.tries + 1, since: before.since || report.startedAt };
  const error = report.error ?? { reason: 'error', message: 'failed' };
  const random = chance(progress.head.runId, task, attempt);
  const definition = definitionOf(progress.graph, task);
  const next = decideRetry(definition, error, tries, report.endedAt, random);
  if (next.kind === 'retry')
    again(progress, task, { ...tries, readyAt: next.at, by: id }, decision);
  else failTask(progress, id, task, tries, decision);
}

/** No further attempt follows. */
function failTask(
  progress: Progress,
  id: string,
  task: number,
  tries: Tries,
  decision: Decision,
): void {
  setTries(progress, task, { ...tries, by: id });
  setSource(progress, task, id);
  endTask(progress, task, codes.failed, decision);
}

function foldLost(progress: Progress, id: string, lost: Lost, decision: Decision): void {
  const { task, attempt } = lost;
  if (task >= progress.graph.size) return;
  const code = codeOf(progress, task);
  if (sourceOf(progress, task) === id) {
    if (hasEnded(code)) decision.replayed.push(task);
    return;
  }
  const before = triesOf(progress, task);
  if (before.by === id) {
    resend(progress, task, decision);
    return;
  }
  if (!isCurrent(progress, task, attempt)) {
    // Its runner is gone, and may not have gone on with what it said it would: that is sent after all.
    if (hasEnded(code) && attemptOf(progress, task) === attempt) {
      decision.abandoned.add(task);
      decision.replayed.push(task);
    }
    return;
  }
  const tries = { ...before, lost: before.lost + 1 };
  const next = decideLost(definitionOf(progress.graph, task), tries, lost.at);
  if (next.kind === 'retry') again(progress, task, { ...tries, readyAt: 0, by: id }, decision);
  else failTask(progress, id, task, tries, decision);
}

/**
 * The next attempt: now, or in back-off until `readyAt`. A task that its runner went on with from an attempt that does
 * not count goes on waiting for what it needs.
 */
function again(progress: Progress, task: number, before: Tries, decision: Decision): void {
  const tries = { ...before, attempt: before.attempt + 1 };
  setTries(progress, task, tries);
  if (codeOf(progress, task) === codes.backoff || isReady(progress, task, decision))
    setCode(progress, task, codes.backoff);
  resend(progress, task, decision);
}

function resend(progress: Progress, task: number, decision: Decision): void {
  const code = codeOf(progress, task);
  if (code === codes.backoff || code === codes.waiting) consider(progress, task, decision);
}

function opensChildren(progress: Progress, task: number): boolean {
  return segmentsOf(progress.graph, task).some((segment) => waitsFor(segment));
}

function waitsFor(segment: Segment): boolean {
  for (let task = segment.base; task < segment.base + segment.count; task++)
    if (!isDetached(segment, task)) return true;
  return segment.kind === 'map';
}

function foldSpawn(progress: Progress, id: string, spawn: Spawn, decision: Decision): void {
  const { graph } = progress;
  const { parent, attempt } = spawn;
  if (parent >= graph.size) return;
  const known = segmentsOf(graph, parent).find((segment) => segment.id === id);
  const awaited = isCurrent(progress, parent, attempt);
  if (known === undefined && (isOver(progress.head.state) || !awaited)) {
    refuse(progress, parent, attempt, id);
    return;
  }
  const segment = known ?? addSegment(progress, id, spawn);
  // The new numbers may have been saved, and what they mean for the parent not.
  if (awaited) expandParent(progress, id, spawn, decision);
  spawnAgain(progress, segment, decision);
}

function addSegment(progress: Progress, id: string, spawn: Spawn): Segment {
  const segment = extend(progress.graph, id, spawn);
  progress.head.dirty = true;
  grow(progress);
  return segment;
}

/** A map has become its sub-tasks, or can't; a task that asked for some goes on. */
function expandParent(progress: Progress, id: string, spawn: Spawn, decision: Decision): void {
  const { parent, made } = spawn;
  if (made.kind === 'tasks') return;
  setSource(progress, parent, id);
  if (made.kind === 'impossible') endTask(progress, parent, codes.failed, decision);
  else setCode(progress, parent, codes.awaiting);
}

function spawnAgain(progress: Progress, known: Segment, decision: Decision): void {
  for (let task = known.base; task < known.base + known.count; task++)
    start(progress, task, decision);
  if (known.kind === 'map') decision.parents.add(known.parent);
  if (hasEnded(codeOf(progress, known.parent))) decision.replayed.push(known.parent);
}

const controlsKept = 64;

function foldControl(progress: Progress, id: string, control: Control, decision: Decision): void {
  const { head } = progress;
  const applied = head.controls.includes(id);
  if (!applied) {
    if (!apply(progress, control)) return;
    head.controls.push(id);
    if (head.controls.length > controlsKept) head.controls.shift();
    head.dirty = true;
  }
  if (head.state === 'cancelling') cancelOpen(progress, decision);
  else if (control.action === 'rerun') rerunFrom(progress, decision);
  else if (control.action === 'resume') resumeAll(progress, decision);
}

/** Changes the head as the control asks; false when the run's state does not allow it. */
function apply(progress: Progress, control: Control): boolean {
  const { head } = progress;
  if (!allows(head, control)) return false;
  switch (control.action) {
    case 'cancel':
      head.state = 'cancelling';
      head.reason = control.reason;
      head.fails = control.fails ?? false;
      break;
    case 'pause':
      head.state = 'paused';
      break;
    case 'resume':
      head.state = 'running';
      break;
    case 'rerun':
      head.state = 'running';
      head.reason = undefined;
      head.fails = false;
      head.generation += 1;
      head.rerun = control.tasks ?? 'failed';
      break;
  }
  return true;
}

function allows(head: Head, control: Control): boolean {
  switch (control.action) {
    case 'cancel':
      return head.state === 'running' || head.state === 'paused';
    case 'pause':
      return head.state === 'running';
    case 'resume':
      return head.state === 'paused';
    case 'rerun':
      return isOver(head.state) && control.generation === head.generation + 1;
  }
}
