import { describe, expect, test } from '@jest/globals';
import type { RunState } from '../../src/contract/state.ts';
import { newDecision } from '../../src/core/decision.ts';
import { decideEnd } from '../../src/core/outcome.ts';
import { type Chunk, type Progress, setCode } from '../../src/core/progress.ts';
import { codes, type Status } from '../../src/core/status.ts';
import { progressOf, type TaskOptions, taskOf } from '../support/core-progress.ts';

function runOf(statuses: readonly Status[], options: TaskOptions = {}, chunkSize = 10): Progress {
  const run = progressOf(
    statuses.map((_, n) => taskOf(`t${n}`, n === 0 ? options : {})),
    chunkSize,
  );
  for (const [task, status] of statuses.entries()) setCode(run, task, codes[status]);
  return run;
}

const endOf = (run: Progress) => {
  const decision = newDecision();
  decideEnd(run, decision);
  return decision.end;
};

describe('a run whose tasks have all ended', () => {
  test.each([
    [['succeeded', 'succeeded'], 'succeeded', undefined],
    [['succeeded', 'skipped'], 'succeeded', undefined],
    [['skipped', 'skippedByFailure'], 'succeeded', undefined],
    [['succeeded', 'failed'], 'failed', 'task t1 failed'],
    [['cancelled', 'succeeded'], 'cancelled', 'task t0 was cancelled'],
    [['cancelled', 'failed'], 'failed', 'task t1 failed'],
    [['failed', 'failed'], 'failed', 'task t0 failed'],
  ] as const)('as %j has %s', (statuses, state, reason) => {
    for (const chunkSize of [1, 10])
      expect(endOf(runOf(statuses, {}, chunkSize))).toEqual({ state, reason });
  });

  test.each(['failed', 'cancelled'] as const)('has not failed by a task that may: %s', (status) => {
    expect(endOf(runOf([status, 'succeeded'], { mayFail: true }))?.state).toBe('succeeded');
    expect(endOf(runOf([status, 'failed'], { mayFail: true }))?.reason).toBe('task t1 failed');
  });

  test('of no tasks has succeeded', () => {
    expect(endOf(runOf([]))?.state).toBe('succeeded');
  });

  test('and was cancelled is so, with that reason, or has failed by it', () => {
    const run = runOf(['succeeded', 'failed']);
    Object.assign(run.head, { state: 'cancelling', reason: 'enough' });
    expect(endOf(run)).toEqual({ state: 'cancelled', reason: 'enough' });
    run.head.fails = true;
    expect(endOf(run)).toEqual({ state: 'failed', reason: 'enough' });
  });

  test('ends while it is paused, and only once', () => {
    const ends: [RunState, boolean][] = [
      ['running', true],
      ['paused', true],
      ['succeeded', false],
      ['failed', false],
      ['cancelled', false],
    ];
    for (const [state, want] of ends) {
      const run = runOf(['succeeded']);
      run.head.state = state;
      expect([state, endOf(run) !== undefined]).toEqual([state, want]);
    }
  });

  test('rests on all chunks', () => {
    const decision = newDecision();
    decideEnd(runOf(['succeeded', 'succeeded', 'succeeded'], {}, 1), decision);
    expect([...decision.consulted]).toEqual([0, 1, 2]);
  });
});

describe('a run with an open task', () => {
  const consulted = (...dirty: readonly number[]): number[] => {
    const run = runOf(['succeeded', 'awaiting', 'backoff', 'succeeded'], {}, 1);
    for (const chunk of run.chunks) chunk.dirty = false;
    for (const n of dirty) (run.chunks[n] as Chunk).dirty = true;
    const decision = newDecision();
    decideEnd(run, decision);
    expect(decision.end).toBeUndefined();
    return [...decision.consulted];
  };

  test('rests on one chunk that is open, unless such a one is all that is changed here', () => {
    expect([consulted(), consulted(0), consulted(1), consulted(2)]).toEqual([[1], [1], [], []]);
    expect([consulted(0, 2), consulted(1, 2)]).toEqual([[1], [1]]);
  });
});
