import type { AttemptError } from '../contract/execution.ts';
import type { Backoff, ErrorPolicy, Task } from '../contract/workflow.ts';
import type { Tries } from './progress.ts';

/** `tries` and `lost` count the attempt at hand too. */
export type TriesSoFar = Pick<Tries, 'tries' | 'lost' | 'since'>;

export type RetryDecision =
  | { readonly kind: 'give-up'; readonly why: string }
  | { readonly kind: 'retry'; readonly at: number };

export const lostMaxDefault = 10;
const giveUp = (why: string): RetryDecision => ({ kind: 'give-up', why });

/**
 * Decides what follows a failed attempt. `endedAt` is the attempt's end, epoch ms; `random` is in [0, 1).
 *
 * Full jitter (the default): the delay is uniform in [0, delay), since synchronised retries are what turns one failure
 * into a second one.
 */
export function decideRetry(
  task: Task,
  error: AttemptError,
  tries: TriesSoFar,
  endedAt: number,
  random: number,
): RetryDecision {
  if (task.delivery === 'at-most-once') return giveUp('delivery is at-most-once');
  const retry = task.retry;
  const policy = retry?.policies?.find((candidate) => matches(candidate, error));
  if (policy?.action === 'fail') return giveUp('its error policy says fail');
  const attemptsMax = policy?.attemptsMax ?? retry?.attemptsMax ?? 1;
  if (tries.tries >= attemptsMax) return giveUp(`all ${attemptsMax} attempts are used up`);
  const delay = backoffMs(policy?.backoff ?? retry?.backoff ?? {}, tries.tries, random);
  return inTime(task, tries, endedAt + delay);
}

/** Whether another attempt may follow one that began, and nobody can tell how far it came. */
export const mayBeginAgain = ({ delivery, onLost }: Task): boolean =>
  delivery !== 'at-most-once' && onLost !== 'fail';

/** Decides what follows an attempt whose runner is gone. It is tried again at once: waiting would not help. */
export function decideLost(task: Task, tries: TriesSoFar, at: number): RetryDecision {
  if (task.delivery === 'at-most-once') return giveUp('delivery is at-most-once');
  if (task.onLost === 'fail') return giveUp('its onLost is fail');
  if (tries.lost > (task.lostMax ?? lostMaxDefault)) return giveUp(`lost ${tries.lost} times`);
  return inTime(task, tries, at);
}

/** While no attempt's start is known, the time for all of them has not begun. */
function inTime(task: Task, tries: TriesSoFar, at: number): RetryDecision {
  const totalMs = task.retry?.totalMs;
  const over = totalMs !== undefined && tries.since > 0 && at > tries.since + totalMs;
  return over ? giveUp('its time for all attempts is over') : { kind: 'retry', at };
}

/** The delay in ms after the `n`th bad attempt, n from 1. */
export function backoffMs(backoff: Backoff, n: number, random: number): number {
  const cap = backoff.delayMsMax ?? 300_000;
  const full = Math.min(cap, unjittered(backoff, n));
  return Math.floor((backoff.jitter ?? 'full') === 'full' ? full * random : full);
}

function unjittered(backoff: Backoff, n: number): number {
  const min = backoff.delayMsMin ?? 1_000;
  switch (backoff.shape ?? 'exponential') {
    case 'fixed':
      return min;
    case 'linear':
      return min * n;
    case 'list': {
      const delays = backoff.delaysMs ?? [min];
      return delays[Math.min(n, delays.length) - 1] ?? min;
    }
    case 'exponential':
      // Beyond every cap long before it is beyond every number, where 0 times it would be none.
      return min * Math.min((backoff.factor ?? 2) ** (n - 1), Number.MAX_SAFE_INTEGER);
  }
}

function matches(policy: ErrorPolicy, error: AttemptError): boolean {
  const { exitCodes, errors, reasons } = policy.match;
  if (exitCodes && (error.exitCode === undefined || !exitCodes.includes(error.exitCode)))
    return false;
  if (errors && !errors.some((pattern) => likeName(pattern, error.name ?? ''))) return false;
  return !(reasons && !reasons.includes(error.reason));
}

/** `*` stands for any characters. Linear in the name for each star. */
function likeName(pattern: string, name: string): boolean {
  const parts = pattern.split('*');
  if (parts.length === 1) return pattern === name;
  const first = parts[0] ?? '';
  const last = parts[parts.length - 1] ?? '';
  if (!name.startsWith(first) || !name.endsWith(last)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= name.length - last.length;
}
