import { describe, expect, test } from '@jest/globals';
import { insist, type Verdict, verdictOn } from '../../../src/adapters/aws/insist.ts';
import { Unavailable } from '../../../src/ports/table.ts';
import { failure, quickPatience, silence, throttled } from '../../support/aws-stub.ts';

describe('what a failure says', () => {
  const cases: readonly [Error, Verdict][] = [
    [throttled(), 'refused'],
    [failure('ThrottlingException'), 'refused'],
    [failure('SlowDown', 503), 'refused'],
    [failure('RequestLimitExceeded'), 'refused'],
    [silence(), 'unclear'],
    [Object.assign(new Error('reset'), { code: 'ECONNRESET' }), 'unclear'],
    [failure('InternalServerError', 500), 'unclear'],
    [failure('ServiceUnavailable', 503), 'unclear'],
    [failure('ValidationException'), 'final'],
    [failure('AccessDeniedException'), 'final'],
    [new TypeError('a bug'), 'final'],
  ];
  test.each(cases)('%s', (error, want) => {
    expect(verdictOn(error)).toBe(want);
  });
});

describe('a call that fails', () => {
  test('is made again, later each time, and at most so late', async () => {
    const patience = quickPatience(0.999);
    let calls = 0;
    const answer = await insist({ ...patience, triesMax: 12 }, 'x', async () => {
      if (++calls < 12) throw throttled();
      return 'yes';
    });
    expect(answer).toBe('yes');
    const caps = [50, 100, 200, 400, 800, 1600, 2000, 2000, 2000, 2000, 2000];
    expect(patience.pauses).toEqual(caps.map((cap) => Math.floor(cap * 0.999)));
  });

  test('is told whether an earlier try may have been applied', async () => {
    const told: boolean[] = [];
    const failures = [throttled(), silence(), throttled()];
    await insist(quickPatience(), 'x', async (mayBeDone) => {
      told.push(mayBeDone);
      const next = failures.shift();
      if (next) throw next;
    });
    expect(told).toEqual([false, false, true, true]);
  });

  test('is given up as unavailable, saying what and why', async () => {
    const work = insist({ ...quickPatience(), triesMax: 3 }, 'put a b', async () => {
      throw throttled();
    });
    await expect(work).rejects.toThrow(Unavailable);
    await expect(work).rejects.toThrow(/^put a b: ProvisionedThroughputExceededException.*3 times/);
  });

  test('is not made again when it can never work', async () => {
    const patience = quickPatience();
    const refused = failure('ValidationException');
    const work = insist(patience, 'x', async () => {
      throw refused;
    });
    await expect(work).rejects.toBe(refused);
    expect(patience.pauses).toEqual([]);
  });
});
