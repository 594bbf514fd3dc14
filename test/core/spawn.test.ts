import { describe, expect, test } from '@jest/globals';
import { begin, fold } from '../../src/core/fold.ts';
import {
  expandedBy,
  failed,
  foldSaved,
  lost,
  mapOf,
  progressOf,
  reloaded,
  reported,
  sentBy,
  spawned,
  statusesOf,
  storedOf,
  taskOf,
  tasksOf,
} from '../support/core-progress.ts';

const mapRun = (levels = 1, more = {}) =>
  progressOf([
    taskOf('m', { each: Array.from({ length: levels }, () => []), ...more }),
    taskOf('z', { needs: ['m'] }),
  ]);
const parentRun = () =>
  progressOf([taskOf('p', { retry: { attemptsMax: 2 } }), taskOf('z', { needs: ['p'] })]);

describe('a map', () => {
  test('is expanded, its elements run, and it ends with the last', () => {
    const run = mapRun();
    expect(expandedBy(run, begin(run))).toEqual(['m@1']);
    const expansion = spawned(run, 'm', mapOf(1, 2));
    expect(sentBy(run, fold(run, [expansion]))).toEqual(['m[0]@1', 'm[1]@1']);
    expect(sentBy(run, fold(run, [reported(run, 'm[1]')]))).toEqual([]);
    expect(sentBy(run, fold(run, [reported(run, 'm[0]')]))).toEqual(['z@1']);
  });

  test('without elements succeeds', () => {
    const run = mapRun();
    expect(sentBy(run, fold(run, [spawned(run, 'm', mapOf())]))).toEqual(['z@1']);
  });

  test('whose list can’t be computed fails, and does not succeed by a rerun of nothing', () => {
    const run = mapRun();
    const impossible = spawned(run, 'm', { kind: 'impossible', message: 'no' });
    expect(fold(run, [impossible]).end?.state).toBe('failed');
    expect(fold(reloaded(run, [impossible]), [impossible]).end?.state).toBe('failed');
  });

  test('fails when an element does, after all have ended', () => {
    const run = mapRun();
    fold(run, [spawned(run, 'm', mapOf(1, 2))]);
    fold(run, [failed(run, 'm[0]')]);
    expect(statusesOf(run).m).toBe('awaiting');
    expect(fold(run, [reported(run, 'm[1]')]).end?.state).toBe('failed');
  });

  test('of points where needs meet ends as it is expanded', () => {
    const run = mapRun(1, { run: { kind: 'none' } });
    const expansion = spawned(run, 'm', mapOf(1, 2, 3));
    expect(sentBy(run, fold(run, [expansion]))).toEqual(['z@1']);
    const again = reloaded(run, [expansion]);
    expect(sentBy(again, fold(again, [expansion]))).toEqual(['z@1']);
  });

  test('within a map expands each element, the inner one by its own list', () => {
    const run = mapRun(2);
    const outer = spawned(run, 'm', mapOf('a', 'b'));
    expect(expandedBy(run, fold(run, [outer]))).toEqual(['m[0]@1', 'm[1]@1']);
    const inner = [spawned(run, 'm[0]', mapOf(1)), spawned(run, 'm[1]', mapOf())];
    expect(sentBy(run, fold(run, inner))).toEqual(['m[0][0]@1']);
    expect(statusesOf(run)).toMatchObject({
      m: 'awaiting',
      'm[0]': 'awaiting',
      'm[1]': 'succeeded',
    });
    expect(sentBy(run, fold(run, [reported(run, 'm[0][0]')]))).toEqual(['z@1']);
  });

  test('that comes again yields what follows from it again', () => {
    const run = mapRun(2);
    const outer = spawned(run, 'm', mapOf('a', 'b'));
    fold(run, [outer]);
    const inner = spawned(run, 'm[0]', mapOf(1, 2));
    fold(run, [inner]);
    const before = storedOf(run);
    const again = reloaded(run, [outer, inner]);
    const decision = fold(again, [outer, inner]);
    expect(expandedBy(again, decision)).toEqual(['m[1]@1']);
    expect(sentBy(again, decision)).toEqual(['m[0][0]@1', 'm[0][1]@1']);
    expect(storedOf(again)).toEqual(before);
  });

  test('waits for its elements to be saved before it ends, where they are saved apart', () => {
    const run = progressOf([taskOf('m', { each: [[]] })], 1);
    foldSaved(run, [spawned(run, 'm', mapOf(1))]);
    const happening = reported(run, 'm[0]');
    expect(fold(run, [happening])).toMatchObject({ unfinished: true, end: undefined });
    expect(foldSaved(run, [happening]).end?.state).toBe('succeeded');
  });
});

describe('sub-tasks that an attempt asks for', () => {
  test('start while it runs, and it waits for them', () => {
    const run = parentRun();
    expect(sentBy(run, fold(run, [spawned(run, 'p', tasksOf('x', 'y'))]))).toEqual([
      'p/x@1',
      'p/y@1',
    ]);
    fold(run, [reported(run, 'p/x')]);
    expect(sentBy(run, fold(run, [reported(run, 'p')]))).toEqual([]);
    expect(statusesOf(run).p).toBe('awaiting');
    expect(sentBy(run, fold(run, [reported(run, 'p/y')]))).toEqual(['z@1']);
  });

  test('that have all ended keep nobody waiting', () => {
    const run = parentRun();
    fold(run, [spawned(run, 'p', tasksOf('x'))]);
    fold(run, [reported(run, 'p/x')]);
    expect(sentBy(run, fold(run, [reported(run, 'p')]))).toEqual(['z@1']);
  });

  test('fail it when one of them fails, and not before its own work is done', () => {
    const run = parentRun();
    fold(run, [spawned(run, 'p', tasksOf('x'))]);
    fold(run, [failed(run, 'p/x')]);
    fold(run, [failed(run, 'p/x')]);
    expect(statusesOf(run)).toMatchObject({ p: 'waiting', 'p/x': 'failed' });
    expect(fold(run, [reported(run, 'p')]).end?.state).toBe('failed');
  });

  test('that are detached keep it not waiting, nor fail it, but the run', () => {
    const run = parentRun();
    fold(run, [spawned(run, 'p', tasksOf('x!'))]);
    expect(sentBy(run, fold(run, [reported(run, 'p')]))).toEqual(['z@1']);
    fold(run, [reported(run, 'z')]);
    fold(run, [failed(run, 'p/x')]);
    expect(fold(run, [failed(run, 'p/x')]).end?.state).toBe('failed');
    expect(statusesOf(run).p).toBe('succeeded');
  });

  test('of the same key are the same over attempts, and their work is kept', () => {
    const run = parentRun();
    fold(run, [spawned(run, 'p', tasksOf('x'))]);
    fold(run, [failed(run, 'p'), reported(run, 'p/x')]);
    expect(sentBy(run, fold(run, [spawned(run, 'p', tasksOf('x', 'y'))]))).toEqual(['p/y@1']);
    expect(run.graph.size).toBe(4);
  });

  test('of an attempt that does not count are refused, once', () => {
    const run = parentRun();
    const stale = spawned(run, 'p', tasksOf('x'));
    fold(run, [lost(run, 'p')]);
    for (const dirty of [true, false]) {
      run.head.dirty = false;
      expect(fold(run, [stale]).sends.size).toBe(0);
      // Another decider may have accepted it in time: whoever does not know that can't save the head.
      expect(run.head.dirty).toBe(dirty);
    }
    expect(run.graph.size).toBe(2);
    expect(run.chunks.flatMap(({ refused }) => refused)).toEqual([[stale.id, 0, 1]]);
  });

  test('may ask for further ones themselves', () => {
    const run = parentRun();
    fold(run, [spawned(run, 'p', tasksOf('x')), reported(run, 'p')]);
    fold(run, [spawned(run, 'p/x', tasksOf('y')), reported(run, 'p/x')]);
    expect(statusesOf(run)).toMatchObject({ p: 'awaiting', 'p/x': 'awaiting' });
    expect(sentBy(run, fold(run, [reported(run, 'p/x/y')]))).toEqual(['z@1']);
  });

  test('are not sent again with their item when they ended in the same batch', () => {
    const run = parentRun();
    const spawn = spawned(run, 'p', tasksOf('x'));
    fold(run, [spawn]);
    expect(sentBy(run, fold(run, [spawn, reported(run, 'p/x')]))).toEqual([]);
  });

  test('have their parent closed when its report comes again and they ended meanwhile', () => {
    const run = parentRun();
    fold(run, [spawned(run, 'p', tasksOf('x'))]);
    const [mine, child] = [reported(run, 'p'), reported(run, 'p/x')];
    fold(run, [mine]);
    // As another decider leaves it that did not know of the report.
    const status = run.chunks[0]?.status as Uint8Array;
    fold(run, [child]);
    status[0] = 2;
    (run.chunks[0]?.tally as Int32Array)[2] = 1;
    (run.chunks[0]?.tally as Int32Array)[3] = 1;
    expect(sentBy(run, fold(run, [mine]))).toEqual(['z@1']);
  });
});
