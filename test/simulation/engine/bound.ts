import type { Backoff, Task } from '../../../src/contract/workflow.ts';
import { SKEW_MS_MAX } from '../kernel/life.ts';
import type { Fate } from '../world/fates.ts';
import type { World } from '../world.ts';
import type { Profile } from './profile.ts';

/** The longest that an actor stands still, is away before it comes back, or that its clock is wrong by: see `Life`, `Actor`. */
const FREEZE_MS = 120_000;
const RESTART_MS = 20_050;
const JUMP_MS = 3_600_000;
/** The longest that a record, a message, or a call comes late. */
const LATE_MS = 60_000 + 30_000 + 8_000;
/** Between the end of one attempt and the start of what follows, when nothing goes wrong: a few dozen calls, and a linger. */
const HOP_MS = 10_000;
/** What is cancelled, or drained, is given so long. */
const GRACE_MS = 20_000;
const POLICY_ATTEMPTS_MAX = 5;

/** For how long it can be unknown that an attempt is lost: its lease, its message's, and until somebody looks. */
function lossMs({ settings, sweepMs }: Profile): number {
  const { leaseMs, visibilityMs, skewMs, heartbeatMs } = settings;
  return leaseMs + visibilityMs + heartbeatMs + skewMs + 2 * SKEW_MS_MAX + 2 * sweepMs + RESTART_MS;
}

/**
 * By when a world must have come to rest in which no attempt begins any more: virtual ms. All that waits then waits for
 * faults to end, for users to have asked for what they will, for somebody who stands still or is away, for what is late, for
 * one lease, and for what a clock that was wrong has put off; each of these once, since nothing new goes wrong.
 */
export function restMs({ kernel, deeds }: World, profile: Profile): number {
  const { rates } = kernel.luck;
  const lastDeed = Math.max(0, ...deeds.map(({ at }) => at));
  const jumped = rates.jump > 0 ? JUMP_MS : 0;
  const begun = Math.max(kernel.options.faultsUntil, lastDeed);
  const settles = FREEZE_MS + RESTART_MS + LATE_MS + GRACE_MS + lossMs(profile) + jumped;
  return patient(begun + settles) + profile.afterMs;
}

/** By how much later an attempt that begins allows it to be: its own time, and all that its end may have others wait for. */
export function attemptMs(profile: Profile, task: Task, fate: Fate): number {
  const runMs = task.limits?.runMs ?? Number.POSITIVE_INFINITY;
  const worksMs = fate.end === 'hangs' ? runMs : Math.min(fate.durationMs, runMs);
  const lostMs = fate.end === 'kills' || fate.zombieMs > 0 ? fate.zombieMs + lossMs(profile) : 0;
  return patient(worksMs + GRACE_MS + lostMs + backoffMs(task.retry?.backoff) + HOP_MS);
}

/** The longest wait between two attempts of those that are drawn. */
function backoffMs({ shape, delayMsMin = 1_000, delaysMs = [] }: Backoff = {}): number {
  const last = shape === 'linear' ? POLICY_ATTEMPTS_MAX : 2 ** (POLICY_ATTEMPTS_MAX - 1);
  return Math.max(delayMsMin * last, ...delaysMs);
}

/**
 * What is tried again, later each time (visits of a run that does not move, messages that died), may be waited for once more
 * for as long as all took so far.
 */
const patient = (ms: number): number => 2 * ms;
