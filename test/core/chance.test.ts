import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { chance } from '../../src/core/chance.ts';

describe('a number drawn from words', () => {
  test('is the same for the same words, and in [0, 1)', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), fc.nat(), (text, a, b) => {
        const drawn = chance(text, a, b);
        return drawn >= 0 && drawn < 1 && drawn === chance(text, a, b);
      }),
    );
  });

  test('is spread evenly, also over neighbouring tasks and attempts', () => {
    const counts = new Array(10).fill(0);
    for (let task = 0; task < 1000; task++)
      for (let attempt = 1; attempt <= 10; attempt++)
        counts[Math.floor(chance('01JZ0000000000000000000000', task, attempt) * 10)]++;
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  test('differs from one attempt to the next', () => {
    const draws = new Set(Array.from({ length: 100 }, (_, n) => chance('run', 7, n)));
    expect(draws.size).toBe(100);
  });
});
