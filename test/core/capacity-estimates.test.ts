import { describe, expect, test } from '@jest/globals';
import {
  type CapacityEstimates,
  estimated,
  noEstimates,
  serviceMs,
} from '../../src/core/capacity-estimates.ts';

const EVERY_MS = 5000;
const none = { arrived: 0, ended: 0, servedMs: 0 };

/** The estimates after so many tasks in each five seconds. */
const following = (arrivals: readonly number[], from = noEstimates): CapacityEstimates =>
  arrivals.reduce((before, arrived) => estimated(before, { ...none, arrived }, EVERY_MS), from);
const times = (count: number, arrived: number): number[] => new Array(count).fill(arrived);
const perSecond = ({ rate }: CapacityEstimates): number => rate * 1000;

describe('the rate of arrivals', () => {
  test('is that of a steady stream', () => {
    expect(perSecond(following(times(100, 10)))).toBeCloseTo(2, 1);
  });

  test('does not rise for one batch, however large', () => {
    const steady = following(times(100, 10));
    expect(perSecond(following([10_000, 10], steady))).toBeCloseTo(2, 1);
  });

  test('does not rise for a batch in the first minute that is counted', () => {
    const batch = estimated(noEstimates, { ...none, arrived: 10_000 }, 60_000);
    expect(perSecond(following([0], batch))).toBe(0);
  });

  test('rises at once when a surge has lasted fifteen seconds', () => {
    const steady = following(times(100, 10));
    expect(perSecond(following([500, 500], steady))).toBeCloseTo(2, 1);
    expect(perSecond(following([500, 500, 500], steady))).toBe(100);
  });

  test('falls by two thirds in a minute of nothing', () => {
    const steady = following(times(100, 10));
    expect(perSecond(following(times(12, 0), steady)) / perSecond(steady)).toBeCloseTo(
      1 / Math.E,
      2,
    );
  });

  test('stays when asked again in the same millisecond', () => {
    const steady = following(times(100, 10));
    expect(estimated(steady, none, 0)).toEqual(steady);
  });
});

describe('how long a task takes', () => {
  test('is the guess until tasks have ended, and what they took then', () => {
    expect(serviceMs(noEstimates, 0, 4000)).toBe(4000);
    const ended = estimated(noEstimates, { arrived: 0, ended: 1000, servedMs: 500_000 }, EVERY_MS);
    expect(serviceMs(ended, 0, 4000)).toBeCloseTo(535, 0);
  });

  test('counts what still runs, since of long tasks the short ones end first', () => {
    const ended = estimated(noEstimates, { arrived: 0, ended: 10, servedMs: 1000 }, EVERY_MS);
    expect(serviceMs(ended, 600_000, 100)).toBeGreaterThan(30_000);
  });
});
