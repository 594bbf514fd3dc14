import type { Rule } from '../../../src/contract/workflow.ts';

/** How many of a task's needs are open, and how the others ended. */
export interface NeedsCount {
  total: number;
  open: number;
  succeeded: number;
  failed: number;
  cancelled: number;
  skipped: number;
  doomed: number;
}

/** To be counted up: of so many needs, none yet. */
export const noneCounted = (total: number): { -readonly [field in keyof NeedsCount]: number } => ({
  total,
  open: 0,
  succeeded: 0,
  failed: 0,
  cancelled: 0,
  skipped: 0,
  doomed: 0,
});

/** Whether a task may start now. Shares no code with what it judges. */
export function ruleMet(rule: Rule, c: NeedsCount): boolean {
  if (typeof rule === 'object') {
    if ('atLeast' in rule) return c.succeeded >= rule.atLeast;
    return c.succeeded >= Math.max(1, Math.ceil((c.total * rule.atLeastPercent) / 100));
  }
  const bad = c.failed + c.cancelled + c.doomed;
  const skipped = c.skipped + c.doomed;
  switch (rule) {
    case 'all-succeeded':
      return c.succeeded === c.total;
    case 'all-failed':
      return c.failed === c.total;
    case 'all-skipped':
      return skipped === c.total;
    case 'any-succeeded':
      return c.succeeded > 0;
    case 'any-failed':
      return c.failed > 0;
    case 'any-done':
      return c.total > c.open;
    case 'all-done':
    case 'always':
      return c.open === 0;
    case 'none-failed':
      return c.open === 0 && bad === 0;
    case 'none-failed-any-succeeded':
      return c.open === 0 && bad === 0 && c.succeeded > 0;
    case 'none-skipped':
      return c.open === 0 && skipped === 0;
  }
}
