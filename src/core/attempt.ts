import type { Lost, Report } from '../contract/happening.ts';
import { chance } from './chance.ts';
import { hasChildren } from './children.ts';
import { dependentsOf } from './dag.ts';
import type { Decision } from './decision.ts';
import { definitionOf } from './graph.ts';
import {
  attemptOf,
  codeOf,
  endedBy,
  isCurrent,
  isUnsaved,
  nextTry,
  type Progress,
  refuse,
  setCode,
  setSource,
  setTries,
  sourceOf,
  type Tries,
  triesOf,
} from './progress.ts';
import { decideLost, decideRetry, mayBeginAgain } from './retry.ts';
import { consider, endTask, isReady } from './settle.ts';
import { codes, hasEnded } from './status.ts';

/** The end of the attempt that counts; any other's is refused. */
export function foldReport(
  progress: Progress,
  id: string,
  report: Report,
  decision: Decision,
): void {
  const { task, attempt } = report;
  if (wasFolded(progress, id, task, attempt)) sayAgain(progress, task, attempt, decision);
  else if (!isCurrent(progress, task, attempt)) refuseReport(progress, id, report);
  else if (report.after && isUnsaved(progress, report.after.task, task)) decision.unfinished = true;
  else if (report.after && !ledHere(progress, report.after))
    notLedHere(progress, id, report, decision);
  else accept(progress, id, report, decision);
  noteContinued(progress, id, report, decision);
}

/** What a runner goes on with is not sent, if the report that says so is the one that counts. */
function noteContinued(
  progress: Progress,
  id: string,
  { task, attempt, continued }: Report,
  decision: Decision,
): void {
  if (continued === undefined || decision.continued.has(continued.task)) return;
  if (attempt === attemptOf(progress, task) && sourceOf(progress, task) === id)
    decision.continued.set(continued.task, continued.attempt);
}

/** The runner of an attempt is gone. When the attempt was reported, what that runner went on with is nobody's. */
export function foldLost(progress: Progress, id: string, lost: Lost, decision: Decision): void {
  const { task, attempt } = lost;
  if (wasFolded(progress, id, task, attempt)) sayAgain(progress, task, attempt, decision);
  else if (isCurrent(progress, task, attempt)) acceptLost(progress, id, lost, decision);
  else if (attempt === attemptOf(progress, task) && hasEnded(codeOf(progress, task)))
    giveUpChain(progress, task, decision);
}

/** Its runner may have reported some links more, and died before it claimed the next: the first open one is sent. */
function giveUpChain(progress: Progress, head: number, decision: Decision): void {
  for (let task: number | undefined = head; task !== undefined; ) {
    if (!hasEnded(codeOf(progress, task))) return;
    decision.replayed.push(task);
    const dependents: readonly number[] = [...dependentsOf(progress.graph.dag, task)];
    for (const dependent of dependents) decision.continued.set(dependent, undefined);
    task = dependents.length === 1 ? dependents[0] : undefined;
  }
}

/** Whether this happening is what ended this attempt. */
function wasFolded(progress: Progress, id: string, task: number, attempt: number): boolean {
  const tries = triesOf(progress, task);
  return attempt === tries.attempt
    ? sourceOf(progress, task) === id
    : endedBy(tries, attempt) === id;
}

/** What follows from an attempt's end that was folded before. What follows from earlier attempts is over. */
function sayAgain(progress: Progress, task: number, attempt: number, decision: Decision): void {
  const current = attemptOf(progress, task);
  if (attempt === current - 1) consider(progress, task, decision);
  else if (attempt === current && hasEnded(codeOf(progress, task))) decision.replayed.push(task);
  else if (attempt === current) decision.parents.add(task);
}

/** That an attempt was cancelled is no news of one that does not count; of attempts long ago nobody knows which did. */
function refuseReport(progress: Progress, id: string, report: Report): void {
  const { task, attempt, outcome } = report;
  const tries = triesOf(progress, task);
  if (outcome === 'cancelled') return;
  if (attempt < tries.attempt && endedBy(tries, attempt) === undefined) return;
  refuse(progress, task, attempt, id);
}

/** Whether the attempt that a runner went on from is the one that counts. */
function ledHere(progress: Progress, after: NonNullable<Report['after']>): boolean {
  const code = codeOf(progress, after.task);
  return code === codes.succeeded && attemptOf(progress, after.task) === after.attempt;
}

/** Of what led here nobody can tell as long as something is put off: all is folded again once that is saved. */
function notLedHere(progress: Progress, id: string, report: Report, decision: Decision): void {
  if (decision.unfinished) return;
  const { task, attempt } = report;
  refuse(progress, task, attempt, id);
  again(progress, id, task, triesOf(progress, task), 0, decision);
}

function accept(progress: Progress, id: string, report: Report, decision: Decision): void {
  const { task, outcome } = report;
  const tries = triesOf(progress, task);
  if (outcome === 'succeeded') {
    // Another decider may have added sub-tasks of attempts before: then the head can't be saved.
    if (tries.tries + tries.lost > 0) progress.head.dirty = true;
    setSource(progress, task, id);
    if (hasChildren(progress.graph, task)) {
      setCode(progress, task, codes.awaiting);
      decision.parents.add(task);
    } else endTask(progress, task, codes.succeeded, decision);
  } else if (outcome === 'released') acceptReleased(progress, id, report, decision);
  else if (outcome === 'failed') acceptFailure(progress, id, report, decision);
  else endBadly(progress, id, task, tries, codes.cancelled, decision);
}

function acceptFailure(progress: Progress, id: string, report: Report, decision: Decision): void {
  const { task, attempt } = report;
  const before = triesOf(progress, task);
  const tries = {
    ...before,
    tries: before.tries + 1,
    since: before.since || wholeMs(report.startedAt),
  };
  const error = report.error ?? { reason: 'error', message: 'failed' };
  const random = chance(progress.head.runId, task, attempt);
  const definition = definitionOf(progress.graph, task);
  const next = decideRetry(definition, error, tries, wholeMs(report.endedAt), random);
  if (next.kind === 'retry') again(progress, id, task, tries, next.at, decision);
  else endBadly(progress, id, task, tries, codes.failed, decision);
}

/** Handed back unbegun it is as good as new; stopped at work, it is lost, which counts as no loss. */
function acceptReleased(
  progress: Progress,
  id: string,
  { task, error }: Report,
  decision: Decision,
): void {
  const tries = triesOf(progress, task);
  if (error === undefined || mayBeginAgain(definitionOf(progress.graph, task)))
    again(progress, id, task, tries, 0, decision);
  else endBadly(progress, id, task, tries, codes.failed, decision);
}

/**
 * What its runner went on with before its need was known to have succeeded is tried again: it can't have failed yet. What
 * may not begin again is not gone on with: it was sent, so its needs have ended even if that is not known here yet.
 */
function acceptLost(progress: Progress, id: string, lost: Lost, decision: Decision): void {
  const { task } = lost;
  const before = triesOf(progress, task);
  const tries = { ...before, lost: before.lost + 1 };
  const definition = definitionOf(progress.graph, task);
  const next = decideLost(definition, tries, wholeMs(lost.at));
  const early = mayBeginAgain(definition) && !isReady(progress, task, decision);
  if (early) again(progress, id, task, before, 0, decision);
  else if (next.kind === 'retry') again(progress, id, task, tries, 0, decision);
  else endBadly(progress, id, task, tries, codes.failed, decision);
}

/** No further attempt follows. */
function endBadly(
  progress: Progress,
  id: string,
  task: number,
  tries: Tries,
  code: typeof codes.failed | typeof codes.cancelled,
  decision: Decision,
): void {
  setTries(progress, task, { ...tries, bad: true });
  setSource(progress, task, id);
  endTask(progress, task, code, decision);
}

/**
 * The next attempt: at once, or in back-off until `readyAt`. A task that its runner went on with before its need was
 * known to have succeeded still waits for that.
 */
function again(
  progress: Progress,
  id: string,
  task: number,
  tries: Tries,
  readyAt: number,
  decision: Decision,
): void {
  setTries(progress, task, { ...nextTry(tries, id), readyAt });
  if (isReady(progress, task, decision)) setCode(progress, task, codes.backoff);
  consider(progress, task, decision);
}

const msMax = 2 ** 51;

/** Epoch ms as they can be stored, whatever a runner's clock says. */
const wholeMs = (ms: number): number => Math.min(msMax, Math.max(0, Math.floor(ms) || 0));
