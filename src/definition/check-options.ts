import { isCodePath, packageNameOf } from '../contract/code.ts';
import { isPinned, typeNameOf } from '../contract/image.ts';
import type { Json } from '../contract/json.ts';
import type { Backoff, LimitedBy, Run, Task, Workflow } from '../contract/workflow.ts';
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
  if (task.limitedBy !== undefined) checkLimitedBy(task, task.limitedBy, tell);
  if (task.retry !== undefined) checkRetry(task, tell);
  if (task.resources !== undefined) checkResources(task, tell);
  if (task.fresh === true) checkFresh(task.run, tell);
  if (task.code !== undefined) checkCode(task.code, tell);
  if (task.image !== undefined) checkImage(task, task.image, tell);
  if (task.env !== undefined) checkVariables(task.env, task.secrets ?? {}, tell);
}

function checkVariables(
  env: NonNullable<Task['env']>,
  secrets: NonNullable<Task['secrets']>,
  tell: Tell,
): void {
  for (const [name, text] of Object.entries(env)) checkPlain(text, ['env', name], tell);
  for (const name of Object.keys(secrets))
    if (Object.hasOwn(env, name))
      tell(['secrets', name], `${quoted(name)} is in "env" too: a variable has one value`);
}

function checkCode(code: string, tell: Tell): void {
  if (!checkPlain(code, ['code'], tell) || isCodePath(code) || packageNameOf(code)) return;
  const looks = /[./]/.test(code) ? `; a path begins with "./", as "./${code}" does` : '';
  tell(['code'], `${quoted(code)} is neither a path nor a package (name, or name@digest)${looks}`);
}

function checkImage({ run, pool, code }: Task, image: string, tell: Tell): void {
  const name = typeNameOf(image);
  if (name === undefined) {
    const hint = 'write "pool/type", or "pool/type@sha256:digest"';
    tell(['image'], `${quoted(image)} names no task type of an image: ${hint}`);
    return;
  }
  if (run.kind !== 'none' && !isPinned(name))
    tell(
      ['image'],
      'what it does is said by its image: only one of "image" and others can be given',
    );
  if (pool !== undefined && pool !== name.pool)
    tell(['pool'], `its image is run by the pool ${quoted(name.pool)}: leave "pool" out`);
  if (code !== undefined) tell(['code'], 'its code is its image: leave "code" out');
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

function checkLimitedBy(task: Task, limits: readonly LimitedBy[], tell: Tell): void {
  if (task.delivery === 'at-least-once')
    tell(['limitedBy'], 'limits need claims: they cannot go with delivery "at-least-once"');
  if (task.run.kind === 'none' && task.image === undefined)
    tell(['limitedBy'], '"limits" have no effect on a task that does nothing');
  const names = new Set<string>();
  for (const [at, limit] of limits.entries()) {
    const path = ['limitedBy', at];
    const name = `${limit.shared ? 'shared ' : ''}${limit.name ?? ''}`;
    if (names.has(name)) tell(path, doubled(limit.name));
    names.add(name);
    if (limit.shared) checkShared(limit, path, tell);
    else checkBounds(limit, path, tell);
  }
}

const doubled = (name: string | undefined): string =>
  name === undefined
    ? 'only one limit of a task may be without a name: give this one a "name"'
    : `the limit ${quoted(name)} is there twice`;

function checkShared({ name, max, sum, rate }: LimitedBy, path: Path, tell: Tell): void {
  if (name === undefined) tell(path, 'a shared limit needs its name');
  if (max !== undefined || sum !== undefined || rate !== undefined)
    tell(path, 'the bounds of a shared limit are set apart from workflows, by PUT /v1/limits/NAME');
}

function checkBounds({ key, max, sum, rate, units }: LimitedBy, path: Path, tell: Tell): void {
  if (max === undefined && sum === undefined && rate === undefined)
    tell(path, 'a limit needs "max", "sum" or "rate"');
  if (sum !== undefined && key === undefined)
    tell(path, '"sum" bounds all values of a "key" together: without one, give "max"');
  if (units !== undefined && rate === undefined) tell(path, '"units" are taken of a "rate"');
  if (units !== undefined && units > (rate?.burst ?? units))
    tell(path, `${units} units can never be had of a burst of ${rate?.burst}`);
}

/** Of calls that share a process nobody can tell which one takes its memory. */
function checkResources({ run, resources }: Task, tell: Tell): void {
  const bounded = resources?.memoryMb !== undefined || resources?.diskMb !== undefined;
  if (bounded && sharesProcess(run))
    tell(['resources'], '"memory" and "disk" cannot go with "concurrency": calls share a process');
}

function checkFresh(run: Run, tell: Tell): void {
  if (sharesProcess(run))
    tell(['fresh'], '"fresh" cannot go with "concurrency": calls share a process');
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
