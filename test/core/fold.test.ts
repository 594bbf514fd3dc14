import { describe, expect, test } from '@jest/globals';
import { begin, fold, revive } from '../../src/core/fold.ts';
import {
  close,
  control,
  expandedBy,
  failed,
  foldSaved,
  mapOf,
  progressOf,
  reloaded,
  reported,
  sentBy,
  spawned,
  statusesOf,
  storedOf,
  taskOf,
} from '../support/core-progress.ts';

const chain = () =>
  progressOf([taskOf('a'), taskOf('b', { needs: ['a'] }), taskOf('c', { needs: ['b'] })]);

describe('a run', () => {
  test('of which a part rests on what its head does not know is not decided on', () => {
    const run = chain();
    (run.chunks[0] as (typeof run.chunks)[number]).generation = 2;
    for (const decision of [begin(run), fold(run, [reported(run, 'a')]), revive(run)])
      expect([decision.torn, decision.sends.size]).toEqual([true, 0]);
    expect(statusesOf(run)).toEqual({ a: 'waiting', b: 'waiting', c: 'waiting' });
  });

  test('begins with the tasks that need nothing', () => {
    const run = progressOf([taskOf('a'), taskOf('b'), taskOf('c', { needs: ['a'] })]);
    expect(sentBy(run, begin(run))).toEqual(['a@1', 'b@1']);
  });

  test('goes on with what the end of a task makes ready, and ends with its last task', () => {
    const run = chain();
    expect(sentBy(run, fold(run, [reported(run, 'a')]))).toEqual(['b@1']);
    expect(sentBy(run, fold(run, [reported(run, 'b')]))).toEqual(['c@1']);
    expect(fold(run, [reported(run, 'c')]).end).toEqual({ state: 'succeeded', reason: undefined });
  });

  test('of nothing but points where needs meet ends as it begins', () => {
    const none = { run: { kind: 'none' } } as const;
    const run = progressOf([taskOf('a', none), taskOf('b', { ...none, needs: ['a'] })]);
    expect(begin(run).end?.state).toBe('succeeded');
  });

  test('skips what can no longer start, and all that needs it', () => {
    const run = chain();
    expect(fold(run, [failed(run, 'a')]).end?.state).toBe('failed');
    expect(statusesOf(run)).toEqual({
      a: 'failed',
      b: 'skippedByFailure',
      c: 'skippedByFailure',
    });
  });

  test('sends a join once for needs that end together', () => {
    const run = progressOf([
      taskOf('a'),
      taskOf('b'),
      taskOf('j', { needs: ['a', 'b'], rule: 'any-succeeded' }),
    ]);
    expect(sentBy(run, fold(run, [reported(run, 'a'), reported(run, 'b')]))).toEqual(['j@1']);
  });

  test('does not send again what a further need only could have made ready', () => {
    const run = progressOf([
      taskOf('a'),
      taskOf('b'),
      taskOf('j', { needs: ['a', 'b'], rule: 'any-succeeded' }),
    ]);
    const first = reported(run, 'a');
    expect(sentBy(run, fold(run, [first]))).toEqual(['j@1']);
    expect(sentBy(run, fold(run, [reported(run, 'b')]))).toEqual([]);
    expect(sentBy(run, fold(run, [first]))).toEqual(['j@1']);
  });
});

describe('a happening that was folded before', () => {
  test('yields the sends that follow from it again, from the same progress and from what was stored', () => {
    const run = chain();
    const happening = reported(run, 'a');
    fold(run, [happening]);
    const before = storedOf(run);
    expect(sentBy(run, fold(run, [happening]))).toEqual(['b@1']);
    const again = reloaded(run);
    expect(sentBy(again, fold(again, [happening]))).toEqual(['b@1']);
    expect(storedOf(run)).toEqual(before);
    expect(storedOf(again)).toEqual(before);
  });

  test('yields the run’s end again', () => {
    const run = progressOf([taskOf('a')]);
    const happening = reported(run, 'a');
    fold(run, [happening]);
    expect(fold(reloaded(run), [happening]).end?.state).toBe('succeeded');
  });

  test('yields nothing of a run whose end is saved', () => {
    const run = progressOf([taskOf('a')]);
    const happening = reported(run, 'a');
    close(run, fold(run, [happening]));
    expect(fold(run, [happening]).end).toBeUndefined();
  });

  test('leads on through what the decider itself ended: skipped tasks and points where needs meet', () => {
    const run = progressOf([
      taskOf('a'),
      taskOf('b', { needs: ['a'] }),
      taskOf('c', { needs: ['b'], run: { kind: 'none' }, rule: 'all-done' }),
      taskOf('d', { needs: ['c'] }),
    ]);
    const happening = failed(run, 'a');
    expect(sentBy(run, fold(run, [happening]))).toEqual(['d@1']);
    expect(sentBy(run, fold(run, [happening]))).toEqual(['d@1']);
    const again = reloaded(run);
    expect(sentBy(again, fold(again, [happening]))).toEqual(['d@1']);
  });

  test('leads on through a run’s beginning that the decider itself ended', () => {
    const run = progressOf([
      taskOf('a', { run: { kind: 'none' } }),
      taskOf('b', { needs: ['a'], rule: 'any-failed' }),
      taskOf('c', { needs: ['b'], rule: 'all-skipped' }),
    ]);
    expect(sentBy(run, begin(run))).toEqual(['c@1']);
    expect(sentBy(run, begin(run))).toEqual(['c@1']);
  });

  test('does not send again what was tried again since', () => {
    const run = progressOf([taskOf('a'), taskOf('b', { needs: ['a'], retry: { attemptsMax: 2 } })]);
    const first = reported(run, 'a');
    fold(run, [first]);
    fold(run, [failed(run, 'b')]);
    expect(sentBy(run, fold(run, [first]))).toEqual([]);
  });
});

describe('a save that failed in part', () => {
  test('loses nothing when what was skipped is stored, and what skipped it is not', () => {
    const tasks = [
      taskOf('a'),
      taskOf('b', { needs: ['a'] }),
      taskOf('c', { needs: ['b'], rule: 'all-done' }),
    ];
    const run = progressOf(tasks, 1);
    const stored = progressOf(tasks, 1);
    const happening = failed(run, 'a');
    expect(sentBy(run, foldSaved(run, [happening]))).toEqual(['c@1']);
    stored.chunks[1] = reloaded(run).chunks[1] as (typeof stored.chunks)[0];
    expect(sentBy(stored, foldSaved(stored, [happening]))).toEqual(['c@1']);
    expect(statusesOf(stored)).toEqual(statusesOf(run));
  });

  test('loses nothing when a parent’s end is stored, and its last sub-task’s is not', () => {
    const tasks = [taskOf('m', { each: [[1]] }), taskOf('z', { needs: ['m'] })];
    const run = progressOf(tasks, 1);
    const spawn = spawned(run, 'm', mapOf(1));
    foldSaved(run, [spawn]);
    const before = reloaded(run, [spawn]);
    const happening = reported(run, 'm[0]');
    expect(sentBy(run, foldSaved(run, [happening]))).toEqual(['z@1']);
    before.chunks[0] = reloaded(run, [spawn]).chunks[0] as (typeof before.chunks)[0];
    expect(sentBy(before, foldSaved(before, [happening]))).toEqual(['z@1']);
  });

  test('loses nothing when a map’s sub-tasks are known, and that it was expanded is not', () => {
    const run = progressOf([taskOf('m', { each: [[1]] })], 1);
    const spawn = spawned(run, 'm', mapOf(1));
    const parent = reloaded(run).chunks[0] as (typeof run.chunks)[0];
    foldSaved(run, [spawn]);
    run.chunks[0] = parent;
    expect(sentBy(run, foldSaved(run, [spawn]))).toEqual(['m[0]@1']);
    expect(statusesOf(run)).toEqual({ m: 'awaiting', 'm[0]': 'waiting' });
    expect(foldSaved(run, [reported(run, 'm[0]')]).end?.state).toBe('succeeded');
  });
});

describe('two deciders of one run', () => {
  /** Each sees only its own chunk change: when both have saved, at least one must look again. */
  test('look again at a chunk with open tasks when their own have all ended', () => {
    const run = progressOf([taskOf('a'), taskOf('b')], 1);
    const decision = fold(run, [reported(run, 'a')]);
    expect(decision.end).toBeUndefined();
    expect(decision.consulted).toContain(1);
  });

  test('look again at a parent that was not known to wait for its last sub-task', () => {
    const run = progressOf([taskOf('p')], 1);
    fold(run, [spawned(run, 'p', { kind: 'tasks', requests: [{ key: 'x' }] })]);
    expect(fold(run, [reported(run, 'p/x')]).consulted).toContain(0);
  });

  test('say that they are behind when a happening is of a task they do not know', () => {
    const run = progressOf([taskOf('p')]);
    const other = progressOf([taskOf('p')]);
    fold(other, [spawned(other, 'p', { kind: 'tasks', requests: [{ key: 'x' }] })]);
    expect(fold(run, [reported(other, 'p/x')]).behind).toBe(true);
    expect(fold(run, [reported(run, 'p')]).behind).toBe(false);
  });
});

describe('a revived run', () => {
  test('has all that is open sent, expanded or closed again', () => {
    const run = progressOf([
      taskOf('a'),
      taskOf('b', { needs: ['a'] }),
      taskOf('m', { each: [[1]] }),
      taskOf('r', { retry: { attemptsMax: 2, backoff: { delayMsMin: 5, jitter: 'none' } } }),
    ]);
    fold(run, [failed(run, 'r')]);
    const decision = revive(reloaded(run));
    expect(sentBy(run, decision)).toEqual(['a@1', 'r@2']);
    expect(expandedBy(run, decision)).toEqual(['m@1']);
    expect([...decision.sends.values()].map(({ at }) => at)).toEqual([0, 2005]);
  });

  test('that is paused has nothing sent', () => {
    const run = chain();
    fold(run, [control('pause')]);
    expect(revive(run).sends.size).toBe(0);
  });

  test('that was cancelled has its cancel carried on', () => {
    const run = chain();
    run.head.state = 'cancelling';
    expect(revive(run).end).toEqual({ state: 'cancelled', reason: undefined });
  });
});
