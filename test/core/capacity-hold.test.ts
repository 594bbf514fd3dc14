import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Hold, heldRunners, withHold } from '../../src/core/capacity-hold.ts';

const aHold = fc.record({ runners: fc.nat(20), until: fc.nat(1000) });

describe('holds', () => {
  test('keep the most runners of those that are not over', () => {
    const holds = [5, 3, 8].reduce<readonly Hold[]>(
      (sum, runners, n) => withHold(sum, { runners, until: 100 * (n + 1) }, 0),
      [],
    );
    expect([0, 299, 300].map((now) => heldRunners(holds, now))).toEqual([8, 8, 0]);
  });

  test('fall step by step when more runners are held for shorter', () => {
    const holds = withHold(
      withHold([], { runners: 9, until: 100 }, 0),
      { runners: 4, until: 200 },
      0,
    );
    expect([99, 100, 199, 200].map((now) => heldRunners(holds, now))).toEqual([9, 4, 4, 0]);
  });

  test('forget only what makes no difference', () => {
    fc.assert(
      fc.property(fc.array(aHold), fc.nat(1000), (all, now) => {
        const kept = all.reduce<readonly Hold[]>((sum, hold) => withHold(sum, hold, 0), []);
        expect(heldRunners(kept, now)).toBe(heldRunners(all, now));
        expect(new Set(kept.map(({ runners }) => runners)).size).toBe(kept.length);
      }),
    );
  });

  test('drop what is over', () => {
    expect(withHold([{ runners: 2, until: 5 }], { runners: 0, until: 9 }, 6)).toEqual([]);
  });
});
