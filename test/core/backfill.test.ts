import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RunState } from '../../src/contract/state.ts';
import {
  type BackfillFacts,
  backfillCursor,
  decideBackfill,
  slotsAfter,
} from '../../src/core/backfill.ts';
import { newScheduleState } from '../../src/core/schedule-policy.ts';
import { nextSlot, type Timing } from '../../src/core/schedule-timing.ts';

const minute = 60_000;
const every = (minutes: number): Timing => ({
  recurrence: { kind: 'every', everyMs: minutes * minute, anchor: 0 },
  zone: 'UTC',
});

function allSlots(timing: Timing, from: number, to: number): number[] {
  const slots: number[] = [];
  for (let slot = nextSlot(timing, from - 1); slot !== undefined && slot < to; )
    slot = nextSlot(timing, slots[slots.push(slot) - 1] as number);
  return slots;
}

const arbitrary = fc.record({
  everyMinutes: fc.integer({ min: 1, max: 90 }),
  from: fc.integer({ min: 0, max: 5_000 }).map((n) => n * 7_777),
  length: fc.integer({ min: 1, max: 3_000 }).map((n) => n * 11_111),
  order: fc.constantFrom('oldest' as const, 'newest' as const),
  parallel: fc.integer({ min: 1, max: 5 }),
  again: fc.constantFrom('none' as const, 'failed' as const, 'all' as const),
  atOnce: fc.integer({ min: 1, max: 7 }),
  seed: fc.integer(),
});

const states: readonly (RunState | undefined)[] = [
  undefined,
  undefined,
  'succeeded',
  'failed',
  'cancelled',
  'running',
];
const drawn = (seed: number, slot: number): number =>
  Math.abs(Math.imul(seed ^ slot, 0x9e3779b1)) >>> 3;

describe('a backfill', () => {
  test('starts each slot’s run once, in its order, never more at a time than asked for', () => {
    fc.assert(
      fc.property(arbitrary, ({ everyMinutes, from, length, ...drawnFacts }) => {
        const { order, parallel, again, atOnce, seed } = drawnFacts;
        const timing = every(everyMinutes);
        const range = { from, to: from + length, order };
        const facts: BackfillFacts = {
          timing,
          range,
          parallel,
          again,
          policy: { catchUp: { policy: 'all', max: 1 }, overlap: 'queue-all' },
          runOfSlot: (slot) => `own ${slot}`,
          runAgain: (slot) => `again ${slot}`,
        };
        const found = (slot: number) => states[drawn(seed, slot) % states.length];
        const slots = allSlots(timing, range.from, range.to);
        if (order === 'newest') slots.reverse();
        const wanted = slots.flatMap((slot) => {
          const state = found(slot);
          if (state === undefined) return [`own ${slot}`];
          const fits =
            again === 'all'
              ? state !== 'running'
              : again === 'failed' && ['failed', 'cancelled'].includes(state);
          return fits ? [`again ${slot}`] : [];
        });

        let state = newScheduleState(backfillCursor(range));
        const started: string[] = [];
        let wakeAt: number | undefined = 0;
        for (let round = 0; wakeAt !== undefined; round++) {
          const now = wakeAt;
          expect(round).toBeLessThan(20_000);
          const ended = new Map(
            state.open
              .filter((_, i) => drawn(seed, round + i) % 3 > 0)
              .map(({ id }) => [id, 'succeeded' as const]),
          );
          const next = slotsAfter(timing, range, state.cursor, atOnce);
          const looked = { now, ended, found: new Map(next.map((slot) => [slot, found(slot)])) };
          const decision = decideBackfill(facts, state, looked);
          started.push(...decision.start.map(({ id }) => id));
          expect(decision.state.open.length).toBeLessThanOrEqual(parallel);
          ({ state, wakeAt } = decision);
        }
        expect(started).toEqual(wanted);
        expect([state.started, state.skipped]).toEqual([
          wanted.length,
          slots.length - wanted.length,
        ]);
        expect(state.open).toEqual([]);
      }),
    );
  });

  test('stops itself after so many failures in a row', () => {
    const timing = every(1);
    const range = { from: 0, to: 10 * minute, order: 'oldest' } as const;
    const facts: BackfillFacts = {
      timing,
      range,
      parallel: 1,
      again: 'none',
      policy: {
        catchUp: { policy: 'all', max: 1 },
        overlap: 'queue-all',
        stopAfterFailures: 2,
      },
      runOfSlot: (slot) => `own ${slot}`,
      runAgain: (slot) => `again ${slot}`,
    };
    let state = newScheduleState(backfillCursor(range));
    for (let round = 0; round < 5; round++) {
      const ended = new Map(state.open.map(({ id }) => [id, 'failed' as const]));
      const next = slotsAfter(timing, range, state.cursor, 5);
      const found = new Map(next.map((slot) => [slot, undefined]));
      ({ state } = decideBackfill(facts, state, { now: round, ended, found }));
    }
    expect(state.stopped).toBe('2 runs in a row failed');
    expect(state.started).toBe(2);
  });
});
