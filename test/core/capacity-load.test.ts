import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type LoadState, loadFrom, type PoolSight } from '../../src/core/capacity-load.ts';

const nothing: PoolSight = {
  messagesWaiting: 0,
  messagesTaken: 0,
  held: [],
  runners: [],
  wanted: 0,
  running: 0,
};
const runner = (id: string, ended: number, since = 0, messages = ended) => ({
  id,
  since,
  ended,
  servedMs: ended * 100,
  messages,
});

/** One sight after the other, a second apart. */
function look(sights: readonly Partial<PoolSight>[]) {
  let state: LoadState | undefined;
  return sights.map((sight, second) => {
    const seen = loadFrom(state, { ...nothing, ...sight }, second * 1000);
    // As the table gives it back.
    state = JSON.parse(JSON.stringify(seen.state));
    return { ...seen.load, state: seen.state };
  });
}

describe('what arrived', () => {
  test('is what ended, and what is more than before', () => {
    const [, second, third] = look([
      { messagesWaiting: 5, runners: [runner('a', 0)] },
      { messagesWaiting: 7, messagesTaken: 2, runners: [runner('a', 3)] },
      { messagesWaiting: 0, runners: [runner('a', 12)] },
    ]);
    expect(second).toMatchObject({ arrived: 7, ended: 3, servedMs: 300, waiting: 7, running: 2 });
    expect(third).toMatchObject({ arrived: 0, ended: 9, waiting: 0, running: 0 });
  });

  test('counts all of a new runner, and nothing of one that had been forgotten', () => {
    const [, second] = look([{}, { runners: [runner('new', 4, 500), runner('idle', 90, -9000)] }]);
    expect(second).toMatchObject({ arrived: 4, ended: 4 });
  });

  test('of a runner that was forgotten, what ends later counts', () => {
    const [, , third] = look([
      {},
      { runners: [runner('idle', 90, -9000)] },
      { runners: [runner('idle', 95, -9000)] },
    ]);
    expect(third).toMatchObject({ ended: 5 });
  });

  test('is unknown at the first sight', () => {
    const [first] = look([{ messagesWaiting: 9, runners: [runner('a', 7)] }]);
    expect(first).toMatchObject({ arrived: 0, ended: 0, waiting: 9, oldestMs: 0 });
  });

  test('is never less than nothing, though counts of a queue are inexact', () => {
    const [, second] = look([{ messagesWaiting: 9 }, { messagesWaiting: 3 }]);
    expect(second).toMatchObject({ arrived: 0, ended: 0, waiting: 3 });
  });
});

describe('tasks in messages', () => {
  test('are as many as there were in those that ended', () => {
    const [, second] = look([{}, { messagesWaiting: 10, runners: [runner('a', 1000, 500, 9)] }]);
    expect(second?.waiting).toBe(Math.round(10 * (1001 / 10)));
  });

  test('are not counted twice, as taken and as held', () => {
    const held = Array.from({ length: 8 }, () => 0);
    expect(look([{ messagesTaken: 5, held }])[0]).toMatchObject({ running: 8, runningMs: 0 });
    expect(look([{ messagesTaken: 9, held }])[0]).toMatchObject({ running: 9 });
  });
});

describe('the oldest that waits', () => {
  test('is as old as the moment when so many had arrived as have begun', () => {
    const [, , , fourth] = look([
      { runners: [runner('a', 0)] },
      { messagesWaiting: 10, runners: [runner('a', 0)] },
      { messagesWaiting: 20, runners: [runner('a', 0)] },
      { messagesWaiting: 15, runners: [runner('a', 5)] },
    ]);
    // The sixth, of ten that came in the first second.
    expect(fourth?.oldestMs).toBe(2500);
  });

  test('grows while nothing begins, and what comes later does not make it younger', () => {
    const sights = Array.from({ length: 300 }, (_, second) => ({ messagesWaiting: second }));
    const loads = look(sights);
    for (const [second, { oldestMs, state }] of loads.entries()) {
      if (second > 0) expect(oldestMs).toBeGreaterThanOrEqual((second - 1) * 1000);
      expect(state.arrivals.length).toBeLessThanOrEqual(80);
    }
  });

  test('is forgotten when nothing waits', () => {
    const [, second, third] = look([
      { messagesWaiting: 5 },
      { runners: [runner('a', 5, 500)] },
      { messagesWaiting: 3, runners: [runner('a', 5, 500)] },
    ]);
    expect(second?.oldestMs).toBe(0);
    expect(third?.oldestMs).toBeLessThanOrEqual(1000);
  });
});

test('runners that were asked for and are not there are starting; those beyond it drain', () => {
  expect(look([{ wanted: 5, running: 2 }])[0]).toMatchObject({ ready: 2, starting: 3 });
  expect(look([{ wanted: 2, running: 5 }])[0]).toMatchObject({ ready: 2, starting: 0 });
});

/**
 * Goal: whatever is seen, what comes of it are counts.
 * Method: draw sights that need not fit each other.
 */
test('no sight gives less than nothing, or no number', () => {
  const count = fc.nat(1000);
  const sight = fc.record({
    messagesWaiting: count,
    messagesTaken: count,
    held: fc.array(count, { maxLength: 5 }),
    runners: fc.array(
      fc.record({ id: fc.string(), since: count, ended: count, servedMs: count, messages: count }),
      { maxLength: 4 },
    ),
    wanted: count,
    running: count,
  });
  fc.assert(
    fc.property(fc.array(sight, { minLength: 1, maxLength: 20 }), (sights) => {
      for (const { state, ...load } of look(sights))
        for (const value of Object.values(load))
          expect(Number.isFinite(value) && value >= 0).toBe(true);
    }),
  );
});
