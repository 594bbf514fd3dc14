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

/** `skip`: the rule is not met. By failure when a need failed, was cancelled, or was itself skipped by one. */
export type Readiness = 'wait' | 'ready' | 'skip' | 'skip-by-failure';

/**
 * Decides whether a task may start. It starts as early as the outcomes allow: `any-*` rules do not wait for the rest. It
 * is skipped only once no need is open, since the need that ends last may be the one that failed: so whether it was
 * skipped by a failure does not depend on who was faster.
 *
 * A task without needs is ready at once under `all-*`, `none-*` and `always`; under `any-*` and `at-least`, which want
 * at least one, it is skipped.
 */
export function decideRule(rule: Rule, tally: Tally): Readiness {
  const verdict = typeof rule === 'string' ? named[rule](tally) : atLeast(rule, tally);
  if (verdict === true) return 'ready';
  if (verdict === undefined || tally.open > 0) return 'wait';
  const byFailure = tally.failed + tally.cancelled + tally.skippedByFailure > 0;
  return byFailure ? 'skip-by-failure' : 'skip';
}

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
  const wanted =
    'atLeast' in rule ? rule.atLeast : Math.max(1, Math.ceil((total * rule.atLeastPercent) / 100));
  if (t.succeeded >= wanted) return true;
  return t.succeeded + t.open < wanted ? false : undefined;
}
