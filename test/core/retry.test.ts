import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AttemptError } from '../../src/contract/execution.ts';
import type { Backoff, Retry, Task } from '../../src/contract/workflow.ts';
import { backoffMs, decideLost, decideRetry, lostMaxDefault } from '../../src/core/retry.ts';
import { taskOf } from '../support/core-progress.ts';

const error: AttemptError = { reason: 'error', name: 'ValueError', message: 'no' };
const tried = (tries: number, since = 1000, lost = 0) => ({ tries, lost, since });
const retrying = (retry: Retry, more: Partial<Task> = {}): Task => taskOf('t', { retry, ...more });
const plain = { jitter: 'none', delayMsMin: 100 } as const;

describe('a failed attempt', () => {
  test('is the last one unless retries are asked for', () => {
    expect(decideRetry(taskOf('t'), error, tried(1), 2000, 0.5).kind).toBe('give-up');
  });

  test.each([
    [1, 3, 'retry'],
    [2, 3, 'retry'],
    [3, 3, 'give-up'],
    [4, 3, 'give-up'],
  ])('number %i of %i is followed by: %s', (n, attemptsMax, want) => {
    expect(decideRetry(retrying({ attemptsMax }), error, tried(n), 2000, 0).kind).toBe(want);
  });

  test('is tried again after its delay, from its end', () => {
    const task = retrying({ attemptsMax: 2, backoff: plain });
    expect(decideRetry(task, error, tried(1), 2000, 0.9)).toEqual({ kind: 'retry', at: 2100 });
  });

  test.each([
    [2900, 'retry'],
    [2901, 'give-up'],
  ])('that ended at %i, with 2 s from 1000 for all attempts, is followed by: %s', (end, want) => {
    const task = retrying({ attemptsMax: 9, totalMs: 2000, backoff: plain });
    expect(decideRetry(task, error, tried(1), end, 0).kind).toBe(want);
  });

  test('is never followed by another when it may run at most once', () => {
    const task = retrying({ attemptsMax: 9 }, { delivery: 'at-most-once' });
    expect(decideRetry(task, error, tried(1), 2000, 0)).toEqual({
      kind: 'give-up',
      why: 'delivery is at-most-once',
    });
  });
});

describe('an error policy', () => {
  const byMatch = (match: object) =>
    retrying({ policies: [{ match, action: 'retry', attemptsMax: 9 }] });
  const isTaken = (match: object, given: Partial<AttemptError>): boolean =>
    decideRetry(byMatch(match), { ...error, ...given }, tried(1), 0, 0).kind === 'retry';

  test.each([
    [{ exitCodes: [3] }, { exitCode: 3 }, true],
    [{ exitCodes: [1, 3] }, { exitCode: 2 }, false],
    [{ exitCodes: [0] }, {}, false],
    [{ errors: ['ValueError'] }, {}, true],
    [{ errors: ['Value'] }, {}, false],
    [{ errors: ['*Error'] }, {}, true],
    [{ errors: ['Value*'] }, {}, true],
    [{ errors: ['V*E*r'] }, {}, true],
    [{ errors: ['*lueErr*'] }, {}, true],
    [{ errors: ['*'] }, {}, true],
    [{ errors: ['V*X*r'] }, {}, false],
    [{ errors: ['ValueError*Error'] }, {}, false],
    [{ errors: ['Other', 'Val*'] }, {}, true],
    [{ errors: ['*'] }, { name: '' }, true],
    [{ errors: ['a*a'] }, { name: 'a' }, false],
    [{ reasons: ['time-limit', 'error'] }, {}, true],
    [{ reasons: ['memory'] }, {}, false],
    [{ reasons: ['error'], errors: ['Key*'] }, {}, false],
    [{ reasons: ['exit'], exitCodes: [7] }, { reason: 'exit', exitCode: 7 }, true],
    [{}, {}, true],
  ] as const)('that wants %j takes an error with %j: %s', (match, given, want) => {
    expect(isTaken(match, given as Partial<AttemptError>)).toBe(want);
  });

  test('without a name matches no name but the pattern for all', () => {
    const { name: _name, ...nameless } = error;
    const kind = (pattern: string) =>
      decideRetry(byMatch({ errors: [pattern] }), nameless, tried(1), 0, 0).kind;
    expect([kind('*'), kind('E*')]).toEqual(['retry', 'give-up']);
  });

  test('is the first that matches, and may forbid', () => {
    const task = retrying({
      attemptsMax: 9,
      policies: [
        { match: { errors: ['Value*'] }, action: 'fail' },
        { match: {}, action: 'retry' },
      ],
    });
    expect(decideRetry(task, error, tried(1), 0, 0).kind).toBe('give-up');
    expect(decideRetry(task, { ...error, name: 'Other' }, tried(1), 0, 0).kind).toBe('retry');
  });

  test('has its own numbers, else the task’s', () => {
    const own = {
      match: {},
      action: 'retry',
      attemptsMax: 2,
      backoff: { ...plain, delayMsMin: 7 },
    } as const;
    const task = retrying({ attemptsMax: 9, backoff: plain, policies: [own] });
    expect(decideRetry(task, error, tried(1), 0, 0)).toEqual({ kind: 'retry', at: 7 });
    expect(decideRetry(task, error, tried(2), 0, 0).kind).toBe('give-up');
    const lean = retrying({
      attemptsMax: 9,
      backoff: plain,
      policies: [{ match: {}, action: 'retry' }],
    });
    expect(decideRetry(lean, error, tried(2), 0, 0)).toEqual({ kind: 'retry', at: 200 });
  });
});

describe('a lost attempt', () => {
  test('is tried again at once, as often as losses are allowed, whatever its tries', () => {
    expect(decideLost(taskOf('t'), tried(0, 0, lostMaxDefault), 5)).toEqual({
      kind: 'retry',
      at: 5,
    });
    expect(decideLost(taskOf('t'), tried(0, 0, lostMaxDefault + 1), 5).kind).toBe('give-up');
    expect(decideLost(taskOf('t', { lostMax: 0 }), tried(0, 0, 1), 5).kind).toBe('give-up');
    expect(decideLost(taskOf('t', { lostMax: 1 }), tried(9, 0, 1), 5).kind).toBe('retry');
  });

  test('is the last one where a loss is a failure', () => {
    expect(decideLost(taskOf('t', { onLost: 'fail' }), tried(0, 0, 1), 5).kind).toBe('give-up');
    const once = taskOf('t', { delivery: 'at-most-once' });
    expect(decideLost(once, tried(0, 0, 1), 5).kind).toBe('give-up');
  });

  test('is the last one when the time for all attempts is over, counted from the first start that is known', () => {
    const task = retrying({ totalMs: 1000 });
    expect(decideLost(task, tried(1, 1000, 1), 2000).kind).toBe('retry');
    expect(decideLost(task, tried(1, 1000, 1), 2001).kind).toBe('give-up');
    expect(decideLost(task, tried(0, 0, 1), 9_999_999).kind).toBe('retry');
  });
});

describe('the delay', () => {
  const none = { jitter: 'none' } as const;
  test.each([
    ['exponential from 1 s, doubled', none, [1000, 2000, 4000, 8000]],
    ['exponential with its factor', { ...none, delayMsMin: 10, factor: 3 }, [10, 30, 90, 270]],
    ['exponential up to its cap', { ...none, delayMsMin: 10, delayMsMax: 25 }, [10, 20, 25, 25]],
    ['linear', { ...none, shape: 'linear', delayMsMin: 10 }, [10, 20, 30, 40]],
    ['fixed', { ...none, shape: 'fixed', delayMsMin: 10 }, [10, 10, 10, 10]],
    ['a list whose last repeats', { ...none, shape: 'list', delaysMs: [5, 1, 9] }, [5, 1, 9, 9]],
    ['a list that is missing', { ...none, shape: 'list', delayMsMin: 4 }, [4, 4, 4, 4]],
    ['none', { ...none, delayMsMin: 0 }, [0, 0, 0, 0]],
  ] as const)('is %s', (_, backoff, want) => {
    expect([1, 2, 3, 4].map((n) => backoffMs(backoff as Backoff, n, 0.99))).toEqual(want);
  });

  test('is at most 5 min unless said otherwise', () => {
    expect(backoffMs(none, 100, 0)).toBe(300_000);
    expect(backoffMs({ ...none, delayMsMax: 1e9 }, 30, 0)).toBe(1e9);
  });

  const backoffs = fc.record(
    {
      shape: fc.constantFrom('exponential', 'linear', 'fixed', 'list'),
      delayMsMin: fc.nat(1e9),
      delayMsMax: fc.nat(1e9),
      factor: fc.double({ min: 1, max: 100, noNaN: true }),
      delaysMs: fc.array(fc.nat(1e9), { minLength: 1 }),
      jitter: fc.constantFrom('full', 'none'),
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<Backoff>;
  const randoms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  test('is a whole number from 0 to its cap, whatever the attempt', () => {
    fc.assert(
      fc.property(backoffs, fc.integer({ min: 1, max: 10_000 }), randoms, (backoff, n, random) => {
        const delay = backoffMs(backoff, n, random);
        expect(Number.isSafeInteger(delay)).toBe(true);
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(backoff.delayMsMax ?? 300_000);
      }),
    );
  });

  test('with full jitter is below what it would be without', () => {
    fc.assert(
      fc.property(backoffs, fc.integer({ min: 1, max: 50 }), randoms, (backoff, n, random) => {
        const full = backoffMs({ ...backoff, jitter: 'none' }, n, random);
        expect(backoffMs({ ...backoff, jitter: 'full' }, n, random)).toBeLessThanOrEqual(full);
        expect(backoffMs({ ...backoff, jitter: 'full' }, n, 0)).toBe(0);
      }),
    );
  });
});
