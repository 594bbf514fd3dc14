import { expect, test } from '@jest/globals';
import { lastRenewal, type Renewals } from '../../src/core/renewal.ts';

const renewals: Renewals = new Map([
  [
    7,
    [
      [2, 3],
      [5, 9],
    ],
  ],
]);

test.each([
  [7, 1, [0, 1]],
  [7, 2, [2, 3]],
  [7, 4, [2, 3]],
  [7, 5, [5, 9]],
  [8, 5, [0, 1]],
])('task %i at attempt %i began anew as %j', (task, attempt, anew) => {
  expect(lastRenewal(renewals, task, attempt)).toEqual(anew);
});

test('without an attempt, the last time counts', () => {
  expect(lastRenewal(renewals, 7)).toEqual([5, 9]);
});
