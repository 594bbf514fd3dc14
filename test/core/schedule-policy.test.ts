import { describe, expect, test } from '@jest/globals';
import {
  type CatchUp,
  decideSchedule,
  type Happened,
  isTracking,
  newScheduleState,
  type ScheduleDecision,
  type ScheduleFacts,
  type SchedulePolicy,
  type ScheduleState,
} from '../../src/core/schedule-policy.ts';

const minute = 60_000;
const graceMs = 10_000;

function factsOf(
  policy: Partial<SchedulePolicy> = {},
  everyMs = minute,
  jitterMs = 0,
): ScheduleFacts {
  return {
    timing: { recurrence: { kind: 'every', everyMs, anchor: 0 }, zone: 'UTC', jitterMs },
    policy: { catchUp: { policy: 'all', max: 1000 }, overlap: 'allow', ...policy },
    id: 'nightly',
    runOfSlot: (slot) => `run-${slot}`,
  };
}

const decide = (
  facts: ScheduleFacts,
  state: ScheduleState,
  now: number,
  ended: Happened['ended'] = new Map(),
): ScheduleDecision => decideSchedule(facts, state, { now, graceMs, ended });

const slotsOf = ({ start }: ScheduleDecision): number[] => start.map(({ slot }) => slot / minute);

test('a slot starts one run when its time has come, and the next one is what is waited for', () => {
  const facts = factsOf();
  const early = decide(facts, newScheduleState(0), minute - 1);
  expect([early.start, early.wakeAt]).toEqual([[], minute]);
  const due = decide(facts, early.state, minute);
  expect([due.start, due.wakeAt]).toEqual([[{ id: `run-${minute}`, slot: minute }], 2 * minute]);
  const again = decide(facts, due.state, minute + 1);
  expect([again.start, again.state.started, again.state.lastSlot]).toEqual([[], 1, minute]);
});

describe('after two hours without anybody who decides', () => {
  const outage = (catchUp: CatchUp) => {
    const facts = factsOf({ catchUp });
    const starts: number[] = [];
    let { state } = decide(facts, newScheduleState(0), 0);
    for (let now = 120 * minute + 15_000; ; ) {
      const decision = decide(facts, state, now);
      starts.push(...slotsOf(decision));
      state = decision.state;
      if (state.waiting.length === 0) return { starts, missed: state.missed, now };
      now = Math.max(now, decision.wakeAt ?? now);
    }
  };

  test.each([
    [{ policy: 'none', max: 1000 }, 0, 120],
    [{ policy: 'last', max: 1000 }, 1, 119],
    [{ policy: 'all', max: 1000 }, 120, 0],
    [{ policy: 'all', max: 50 }, 50, 70],
    [{ policy: 'window', windowMs: 30 * minute, max: 1000 }, 30, 90],
    [{ policy: 'window', windowMs: 30 * minute, max: 5 }, 5, 115],
  ] as const)('%j starts %i runs', (catchUp, count, missed) => {
    const found = outage(catchUp);
    expect([found.starts.length, found.missed]).toEqual([count, missed]);
    expect(found.starts).toEqual(Array.from({ length: count }, (_, i) => 121 - count + i));
  });

  test('they start no faster than asked', () => {
    const found = outage({ policy: 'all', max: 1000, perMinute: 60 });
    expect(found.starts.length).toBeGreaterThanOrEqual(120);
    expect(found.now).toBeGreaterThanOrEqual(120 * minute + 15_000 + 119_000);
  });
});

test('a long outage of a schedule by the second is no endless work', () => {
  const facts = factsOf({ catchUp: { policy: 'last', max: 1 } }, 1000);
  const year = 365 * 24 * 60 * minute;
  const { start, state } = decide(facts, newScheduleState(0), year + 999);
  expect(start.length).toBe(10);
  expect(state.cursor).toBe(year);
});

test('slots that are late within the grace are all started', () => {
  const facts = factsOf({ catchUp: { policy: 'none', max: 1 } }, 1000);
  const { start } = decide(facts, newScheduleState(5_000), 9_500);
  expect(start.map(({ slot }) => slot)).toEqual([6000, 7000, 8000, 9000]);
});

describe('while a run is open', () => {
  const open = { ...newScheduleState(minute), open: [{ id: 'run-1', slot: minute }], started: 1 };

  test.each([
    ['allow', [2, 3], [], 0, []],
    ['skip', [], [], 2, []],
    ['queue-one', [], [2], 1, []],
    ['queue-all', [], [2, 3], 0, []],
    ['cancel-previous', [], [3], 1, ['run-1']],
  ] as const)('%s', (overlap, starts, waiting, skipped, cancel) => {
    const decision = decide(factsOf({ overlap }), open, 3 * minute);
    expect({
      starts: slotsOf(decision),
      waiting: decision.state.waiting.map((slot) => slot / minute),
      skipped: decision.state.skipped,
      cancel: decision.cancel,
    }).toEqual({ starts, waiting, skipped, cancel });
    if (waiting.length > 0) expect(decision.wakeAt).toBeLessThanOrEqual(3 * minute + 30_000);
  });

  test.each([
    ['skip', [4]],
    ['queue-one', [2]],
    ['queue-all', [2]],
    ['cancel-previous', [4]],
  ] as const)('and has ended, %s starts the one whose turn it is', (overlap, starts) => {
    const facts = factsOf({ overlap });
    const { state } = decide(facts, open, 3 * minute);
    const ended = new Map([['run-1', 'succeeded' as const]]);
    const next = decide(facts, state, 4 * minute, ended);
    expect(slotsOf(next)).toEqual(starts);
    expect(next.state.open.map(({ slot }) => slot / minute)).toEqual(starts);
  });
});

describe('failures in a row', () => {
  const facts = factsOf({ stopAfterFailures: 2 });
  const failing = (...outcomes: readonly ('failed' | 'succeeded' | 'cancelled')[]) => {
    let { state } = decide(facts, newScheduleState(0), minute);
    for (const [n, outcome] of outcomes.entries()) {
      const ended = new Map(state.open.map(({ id }) => [id, outcome]));
      state = decide(facts, state, (n + 2) * minute, ended).state;
    }
    return state;
  };

  test('stop the schedule when they are as many as were told', () => {
    expect(failing('failed').stopped).toBeUndefined();
    expect(failing('failed', 'succeeded', 'failed').stopped).toBeUndefined();
    expect(failing('failed', 'cancelled', 'failed').stopped).toBe('2 runs in a row failed');
  });

  test('after which nothing is due', () => {
    const stopped = failing('failed', 'failed');
    const { start, wakeAt } = decide(facts, stopped, 9 * minute);
    expect([start, wakeAt]).toEqual([[], undefined]);
  });
});

test('with jitter each slot starts at its own time, in order', () => {
  const facts = factsOf({}, 10_000, 5_000);
  let state = newScheduleState(0);
  const found: [slot: number, delay: number][] = [];
  for (let now = 0; now <= 10 * minute; now += 100) {
    const decision = decide(facts, state, now);
    for (const { slot } of decision.start) found.push([slot, now - slot]);
    state = decision.state;
  }
  expect(found.map(([slot]) => slot)).toEqual(found.map((_, i) => (i + 1) * 10_000));
  const delays = found.map(([, delay]) => delay);
  expect(Math.max(...delays)).toBeLessThanOrEqual(5_100);
  expect(new Set(delays).size).toBeGreaterThan(15);
});

test('runs are followed only where something depends on how they end', () => {
  expect(isTracking(factsOf().policy)).toBe(false);
  expect(isTracking(factsOf({ overlap: 'skip' }).policy)).toBe(true);
  expect(isTracking(factsOf({ stopAfterFailures: 3 }).policy)).toBe(true);
});
