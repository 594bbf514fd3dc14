import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { decideTry, type Tries, tryPolicies } from '../../src/access/throttle.ts';

const policy = tryPolicies.pair;

test('of a thousand tries in an hour few are made, and one is always possible again later', () => {
  let tries: Tries | undefined;
  let made = 0;
  for (let n = 0; n < 1000; n++) {
    const decided = decideTry(policy, tries, n * 3600);
    if (decided.kind === 'try') {
      made++;
      tries = decided.tries;
    }
  }
  expect(made).toBeGreaterThanOrEqual(policy.free);
  expect(made).toBeLessThanOrEqual(20);
  const after = 3_600_000 + policy.delayMsMax;
  expect(decideTry(policy, tries, after)).toMatchObject({ kind: 'try' });
});

test('the delay doubles up to its bound', () => {
  const waits = [5, 6, 7, 30, 3000].map((count) => decideTry(policy, { count, lastAt: 0 }, 0));
  expect(waits).toEqual(
    [1000, 2000, 4000, 900_000, 900_000].map((waitMs) => ({ kind: 'wait', waitMs })),
  );
});

test('who waits as told may try', () => {
  fc.assert(
    fc.property(fc.nat(10_000), fc.nat(1e9), fc.nat(1e7), (count, lastAt, later) => {
      const now = lastAt + later;
      const decided = decideTry(policy, { count, lastAt }, now);
      if (decided.kind === 'try') return true;
      return decideTry(policy, { count, lastAt }, now + decided.waitMs).kind === 'try';
    }),
  );
});
