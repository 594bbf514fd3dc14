import { describe, expect, test } from '@jest/globals';
import { runStates } from '../../src/contract/state.ts';
import {
  codes,
  codesCount,
  hasEnded,
  isOver,
  mayFollow,
  type Status,
  statuses,
  transitions,
} from '../../src/core/status.ts';

const ends: readonly Status[] = ['succeeded', 'failed', 'cancelled', 'skipped', 'skippedByFailure'];
const targets = (from: Status): readonly Status[] => Object.values(transitions[from]);

describe('the table of what may follow what', () => {
  test('has a row for each status, and codes that are small numbers in its order', () => {
    expect(Object.keys(transitions)).toEqual(statuses);
    expect(statuses.map((status) => codes[status])).toEqual(statuses.map((_, n) => n));
    expect(codesCount).toBe(statuses.length);
  });

  test('reaches every status from waiting', () => {
    const reached = new Set<Status>(['waiting']);
    for (const status of reached) for (const next of targets(status)) reached.add(next);
    expect([...reached].sort()).toEqual([...statuses].sort());
  });

  test('leads every open status to an end in one step', () => {
    for (const status of statuses.filter((one) => !ends.includes(one)))
      expect(targets(status).some((next) => ends.includes(next))).toBe(true);
  });

  test('lets an end go on only by a rerun', () => {
    for (const status of ends)
      expect(Object.keys(transitions[status]).every((by) => /^(rerun|reopen)$/.test(by))).toBe(
        true,
      );
  });

  test('never skips what was tried', () => {
    for (const status of ['backoff', 'awaiting'] as const)
      expect(targets(status).filter((next) => next.startsWith('skip'))).toEqual([]);
  });

  test('is what codes go by', () => {
    for (const from of statuses)
      for (const to of statuses)
        expect([from, to, mayFollow(codes[from], codes[to])]).toEqual([
          from,
          to,
          targets(from).includes(to),
        ]);
  });
});

test('a task has ended with exactly these codes', () => {
  expect(statuses.filter((status) => hasEnded(codes[status]))).toEqual(ends);
});

test('a run is over with exactly these states', () => {
  expect(runStates.filter(isOver)).toEqual(['succeeded', 'failed', 'cancelled']);
});
