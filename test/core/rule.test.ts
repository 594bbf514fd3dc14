import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { namedRules, type Rule } from '../../src/contract/workflow.ts';
import { decideRule, decidesEarly, type Readiness, type Tally } from '../../src/core/rule.ts';
import { holds, type Verdict } from '../support/core-oracle.ts';

const verdicts = ['succeeded', 'failed', 'cancelled', 'skipped', 'skippedByFailure'] as const;
type Need = Verdict | 'open';
const states: readonly Need[] = [...verdicts, 'open'];

const rules: readonly Rule[] = [
  ...namedRules,
  ...[1, 2, 3, 4, 5].map((atLeast) => ({ atLeast })),
  ...[0.1, 25, 33.4, 50, 66.7, 75, 100].map((atLeastPercent) => ({ atLeastPercent })),
];

/** Every list of needs of this length. */
function lists<T>(of: readonly T[], length: number): T[][] {
  if (length === 0) return [[]];
  return lists(of, length - 1).flatMap((list) => of.map((one) => [...list, one]));
}

const tallyOf = (needs: readonly Need[]): Tally => {
  const count = (which: Need): number => needs.filter((need) => need === which).length;
  return {
    succeeded: count('succeeded'),
    failed: count('failed'),
    cancelled: count('cancelled'),
    skipped: count('skipped'),
    skippedByFailure: count('skippedByFailure'),
    open: count('open'),
  };
};

/** Every way in which the open needs may end. */
function endings(needs: readonly Need[]): Verdict[][] {
  return needs.reduce<Verdict[][]>(
    (all, need) =>
      all.flatMap((list) => (need === 'open' ? verdicts : [need]).map((one) => [...list, one])),
    [[]],
  );
}

const isBad = (need: Need): boolean =>
  need === 'failed' || need === 'cancelled' || need === 'skippedByFailure';

/**
 * Said of all ways in which the open needs may end: ready when the rule is met by each of them (and nothing is open, or,
 * where it may start early, one has ended), skipped when by none, and whether by failure is settled.
 */
function expected(rule: Rule, needs: readonly Need[]): Readiness {
  const ways = endings(needs);
  const met = ways.filter((way) => holds(rule, way)).length;
  const open = needs.includes('open');
  const early = decidesEarly(rule) && needs.some((need) => need !== 'open');
  if (met === ways.length && (!open || early)) return 'ready';
  if (met > 0) return 'wait';
  if (needs.some(isBad)) return 'skip-by-failure';
  return open ? 'wait' : 'skip';
}

const label = (rule: Rule): string => (typeof rule === 'string' ? rule : JSON.stringify(rule));

describe.each(rules.map((rule) => [label(rule), rule] as const))('the rule %s', (_, rule) => {
  test.each([0, 1, 2, 3, 4])('decides each of all lists of %i needs as its meaning says', (n) => {
    const wrong = lists(states, n)
      .map((needs) => ({
        needs,
        got: decideRule(rule, tallyOf(needs)),
        want: expected(rule, needs),
      }))
      .filter(({ got, want }) => got !== want);
    expect(wrong).toEqual([]);
  });
});

describe('a decision', () => {
  const lists4 = fc.array(fc.constantFrom(...verdicts), { maxLength: 8 });

  test('stays as it was given, in whatever order the other needs end', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...rules),
        lists4,
        fc.infiniteStream(fc.nat()),
        (rule, ends, picks) => {
          const needs: Need[] = ends.map(() => 'open');
          const open = [...ends.keys()];
          let given = decideRule(rule, tallyOf(needs));
          while (open.length > 0) {
            const pick = (picks.next().value as number) % open.length;
            const at = open.splice(pick, 1)[0] as number;
            needs[at] = ends[at] as Verdict;
            const next = decideRule(rule, tallyOf(needs));
            if (given !== 'wait') expect(next).toBe(given);
            given = next;
          }
          expect(given).not.toBe('wait');
        },
      ),
    );
  });

  test('without needs is ready, but where one need at least is wanted', () => {
    const skipped = rules.filter((rule) => decideRule(rule, tallyOf([])) === 'skip');
    const wanting = rules.filter((rule) => typeof rule !== 'string' || /any-/.test(rule));
    expect(skipped).toEqual(wanting);
  });

  test('by a share counts whole tasks, whatever decimals make of it', () => {
    for (let total = 1; total <= 200; total++)
      for (let wanted = 1; wanted <= total; wanted++) {
        const rule = { atLeastPercent: (wanted / total) * 100 };
        const tally = { ...tallyOf([]), succeeded: wanted, failed: total - wanted };
        expect([total, wanted, decideRule(rule, tally)]).toEqual([total, wanted, 'ready']);
      }
  });
});
