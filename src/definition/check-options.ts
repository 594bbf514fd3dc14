import { isCodePath, packageNameOf } from '../contract/code.ts';
import type { Json } from '../contract/json.ts';
import type { Backoff, Run, Task, Workflow } from '../contract/workflow.ts';
import { delayMsMaxDefault } from './backoff.ts';
import { hasType } from './read-input.ts';
import { quoted } from './tree.ts';

/** Keys and places of the canonical form, from the task or the workflow. */
export type Path = readonly (string | number)[];

/** Tells of a mistake; false when no more are wanted. */
export type Tell = (path: Path, message: string) => boolean;

const HOUR_MS = 3_600_000;

export function checkInput(workflow: Workflow, tell: Tell): void {
  if (workflow.timeLimitMs === 0) tell(['timeLimitMs'], 'a time limit must be longer than 0');
  for (const [name, field] of Object.entries(workflow.input ?? {}))
    if (field.default !== undefined && !hasType(field.type, field.default as Json))
      tell(['input', name, 'default'], `the default must be of type ${field.type}`);
}

/** What a task's options say against each other. */
export function checkOptions(task: Task, tell: Tell): void {
  if (task.rule !== undefined) checkRule(task, tell);
  if (task.delivery !== undefined) checkDelivery(task, tell);
  if (task.limits !== undefined) checkLimits(task, tell);
  if (task.retry !== undefined) checkRetry(task, tell);
  if (task.resources !== undefined) checkResources(task, tell);
  if (task.code !== undefined) checkCode(task.code, tell);
  if (task.env !== undefined)
    for (const [name, text] of Object.entries(task.env)) checkPlain(text, ['env', name], tell);
}

function checkCode(code: string, tell: Tell): void {
  if (!checkPlain(code, ['code'], tell) || isCodePath(code) || packageNameOf(code)) return;
  const looks = /[./]/.test(code) ? `; a path begins with "./", as "./${code}" does` : '';
  tell(['code'], `${quoted(code)} is neither a path nor a package (name, or name@digest)${looks}`);
}

/** Text that goes to the operating system as it is. */
export function checkPlain(text: string, path: Path, tell: Tell): boolean {
  if (text.includes('\0')) tell(path, 'the character U+0000 is not allowed here');
  else if (text.includes('${{'))
    tell(path, 'references are read only in "with" and "each": give the value by "with"');
  else return true;
  return false;
}

function checkRule(task: Task, tell: Tell): void {
  const { rule } = task;
  const needs = task.needs?.length ?? 0;
  const wanted = typeof rule === 'object' && 'atLeast' in rule ? rule.atLeast : 1;
  const wantsOne = typeof rule === 'object' || /any/.test(rule ?? '');
  if (!wantsOne) return;
  const name = typeof rule === 'string' ? rule : 'at-least';
  if (needs === 0) tell(['rule'], `the rule ${quoted(name)} can never be met: there are no needs`);
  else if (wanted > needs) tell(['rule'], `at least ${wanted} of ${needs} needs can never be met`);
}

function checkDelivery(task: Task, tell: Tell): void {
  if (task.delivery === 'at-least-once') {
    if (task.onLost === 'fail')
      tell(['onLost'], 'on-lost "fail" needs claims: it cannot go with delivery "at-least-once"');
    if ((task.limits?.runMs ?? 0) > HOUR_MS)
      tell(['limits', 'runMs'], 'with delivery "at-least-once" a run limit is at most 1 h');
  }
  if (task.delivery !== 'at-most-once') return;
  const retries = (task.retry?.attemptsMax ?? 1) > 1;
  const policies = task.retry?.policies?.some((policy) => policy.action === 'retry');
  if (retries || policies)
    tell(['retry'], 'with delivery "at-most-once" there is never a second attempt: no retries');
  if (task.onLost === 'retry')
    tell(['onLost'], 'on-lost "retry" cannot go with delivery "at-most-once"');
}

function checkLimits(task: Task, tell: Tell): void {
  for (const key of ['runMs', 'queueMs', 'heartbeatMs', 'installMs'] as const)
    if (task.limits?.[key] === 0) tell(['limits', key], 'a time limit must be longer than 0');
}

/** Of calls that share a process nobody can tell which one takes its memory. */
function checkResources({ run, resources }: Task, tell: Tell): void {
  const bounded = resources?.memoryMb !== undefined || resources?.diskMb !== undefined;
  if (bounded && sharesProcess(run))
    tell(['resources'], '"memory" and "disk" cannot go with "concurrency": calls share a process');
}

function sharesProcess(run: Run): boolean {
  if (run.kind === 'sequence' || run.kind === 'tandem')
    return run.steps.some((step) => sharesProcess(step.run));
  return 'concurrency' in run && (run.concurrency ?? 1) > 1;
}

function checkRetry({ retry }: Task, tell: Tell): void {
  if (retry?.totalMs === 0) tell(['retry', 'totalMs'], 'a time limit must be longer than 0');
  if (retry?.backoff !== undefined) checkBackoff(retry.backoff, ['retry', 'backoff'], tell);
  for (const [index, policy] of (retry?.policies ?? []).entries()) {
    const path = ['retry', 'policies', index];
    if (Object.keys(policy.match).length === 0)
      tell(path, 'this matches every error: give exit codes, errors or reasons');
    if (policy.backoff !== undefined) checkBackoff(policy.backoff, [...path, 'backoff'], tell);
  }
}

function checkBackoff(backoff: Backoff, path: Path, tell: Tell): void {
  const shape = backoff.shape ?? 'exponential';
  const max = backoff.delayMsMax ?? delayMsMaxDefault;
  if (backoff.factor !== undefined && shape !== 'exponential')
    tell(path, '"factor" has an effect only on the shape "exponential"');
  if (shape === 'list') {
    checkDelays(backoff, max, path, tell);
    return;
  }
  if (backoff.delaysMs !== undefined) tell(path, '"delays" belong to the shape "list"');
  if ((backoff.delayMsMin ?? 1_000) > max)
    tell(path, `the shortest delay is longer than the longest, which is ${max / 1_000} s`);
}

function checkDelays(backoff: Backoff, max: number, path: Path, tell: Tell): void {
  if (backoff.delaysMs === undefined) tell(path, 'the shape "list" needs "delays"');
  else if (Math.max(...backoff.delaysMs) > max)
    tell(path, `one of the delays is longer than the longest, which is ${max / 1_000} s`);
  if (backoff.delayMsMin !== undefined)
    tell(path, 'the shortest delay has no effect on the shape "list"');
}
