import type { Rule } from '../contract/workflow.ts';

/** How many of a task's needs have which outcome. `open`: not ended yet. */
export interface Tally {
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  /** For want of a met rule, with nothing above it failed or cancelled. */
  readonly skipped: number;
  /** Because something above it failed or was cancelled. */
  readonly skippedByFailure: number;
  readonly open: number;
}

/** `skip`: the rule can no longer be met. By failure when a need failed, was cancelled, or was itself skipped by one. */
export type Readiness = 'wait' | 'ready' | 'skip' | 'skip-by-failure';

/**
 * Decides whether a task may start. Decides as early as the outcomes allow: `any-*` rules do not wait for the rest.
 * Once given, a decision stays, whatever outcomes come: so a plain skip waits until no need can make it one by failure.
 *
 * A task without needs is ready at once under `all-*`, `none-*` and `always`; under `any-*` and `at-least`, which want
 * at least one, it is skipped.
 */
export function decideRule(rule: Rule, tally: Tally): Readiness {
  const verdict = typeof rule === 'string' ? named[rule](tally) : atLeast(rule, tally);
  if (verdict === true) return 'ready';
  if (verdict === undefined) return 'wait';
  if (bad(tally) > 0) return 'skip-by-failure';
  return tally.open > 0 ? 'wait' : 'skip';
}

/** Whether a rule may be met while needs are still open. */
export const decidesEarly = (rule: Rule): boolean =>
  typeof rule !== 'string' || rule.startsWith('any-');

/** True: met. False: can no longer be met. Undefined: not decided yet. */
type Verdict = boolean | undefined;

const bad = (t: Tally): number => t.failed + t.cancelled + t.skippedByFailure;
const allSkipped = (t: Tally): number => t.skipped + t.skippedByFailure;
const done = (t: Tally): number => t.succeeded + t.failed + t.cancelled + allSkipped(t);

/** True once nothing is open, unless an ended need already speaks against it. */
const all = (t: Tally, against: number): Verdict => {
  if (against > 0) return false;
  return t.open === 0 ? true : undefined;
};
/** True with the first one; false when nothing is open and none came. */
const any = (t: Tally, count: number): Verdict => {
  if (count > 0) return true;
  return t.open === 0 ? false : undefined;
};

const named: Record<Extract<Rule, string>, (t: Tally) => Verdict> = {
  'all-succeeded': (t) => all(t, bad(t) + t.skipped),
  'all-failed': (t) => all(t, t.succeeded + t.cancelled + allSkipped(t)),
  'all-done': (t) => all(t, 0),
  'all-skipped': (t) => all(t, t.succeeded + t.failed + t.cancelled),
  'any-succeeded': (t) => any(t, t.succeeded),
  'any-failed': (t) => any(t, t.failed),
  'any-done': (t) => any(t, done(t)),
  'none-failed': (t) => all(t, bad(t)),
  'none-failed-any-succeeded': (t) => {
    if (bad(t) > 0) return false;
    if (t.open > 0) return undefined;
    return t.succeeded > 0;
  },
  'none-skipped': (t) => all(t, allSkipped(t)),
  always: (t) => all(t, 0),
};

function atLeast(rule: Exclude<Rule, string>, t: Tally): Verdict {
  const total = done(t) + t.open;
  const wanted = 'atLeast' in rule ? rule.atLeast : shareOf(total, rule.atLeastPercent);
  if (t.succeeded >= wanted) return true;
  return t.succeeded + t.open < wanted ? false : undefined;
}

/** Rounded up, at least one; what a product of decimals has too much is not a task more. */
const shareOf = (total: number, percent: number): number =>
  Math.max(1, Math.ceil((total * percent) / 100 - 1e-9));
