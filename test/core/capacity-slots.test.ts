import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { slotsFor } from '../../src/core/capacity-slots.ts';

/** Erlang's C, exactly: the share that waits at all, of `offered` load on `slots`. */
function erlangC(offered: number, slots: number): number {
  let blocked = 1;
  for (let n = 1; n <= slots; n++) blocked = (offered * blocked) / (n + offered * blocked);
  return (slots * blocked) / (slots - offered * (1 - blocked));
}

describe('slots for tasks that come by chance', () => {
  test('let about one in a hundred wait longer than is acceptable, as the exact formula says', () => {
    for (const offered of [1, 5, 30, 200, 3000])
      for (const acceptableMs of [100, 1000, 5000]) {
        const serviceMs = 2000;
        const slots = Math.ceil(slotsFor(offered, serviceMs, acceptableMs, 0.01));
        const late =
          erlangC(offered, slots) * Math.exp((-(slots - offered) * acceptableMs) / serviceMs);
        expect(late).toBeLessThan(offered < 5 ? 0.05 : 0.02);
      }
  });

  test('are none for no load, and more than the load otherwise', () => {
    expect(slotsFor(0, 1000, 1000, 0.01)).toBe(0);
    fc.assert(
      fc.property(
        fc.double({ min: 0.001, max: 1e6, noNaN: true }),
        fc.double({ min: 1, max: 1e6, noNaN: true }),
        fc.double({ min: 1, max: 1e6, noNaN: true }),
        (offered, service, acceptable) => {
          const slots = slotsFor(offered, service, acceptable, 0.01);
          expect(slots).toBeGreaterThan(offered);
          expect(slots).toBeLessThan(offered + 8 * Math.sqrt(offered) + 1e-6);
        },
      ),
    );
  });

  test('are fewer, the longer a task may wait', () => {
    const slots = [100, 1000, 10_000, 100_000].map((ms) => slotsFor(50, 2000, ms, 0.01));
    expect(slots).toEqual([...slots].sort((a, b) => b - a));
    expect(slots[3]).toBeLessThan(51);
  });
});
