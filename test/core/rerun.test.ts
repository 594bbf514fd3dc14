import { describe, expect, test } from '@jest/globals';
import type { Happening } from '../../src/contract/happening.ts';
import { fold } from '../../src/core/fold.ts';
import { extend } from '../../src/core/graph.ts';
import { attemptOf, type Chunk, grow, type Progress } from '../../src/core/progress.ts';
import {
  close,
  control,
  expandedBy,
  failed,
  foldSaved,
  mapOf,
  num,
  progressOf,
  reloaded,
  reported,
  sentBy,
  spawned,
  statusesOf,
  statusOf,
  storedOf,
  taskOf,
  tasksOf,
} from '../support/core-progress.ts';

const rerun = (run: Progress, ...tasks: readonly string[]): Happening =>
  control('rerun', {
    generation: run.head.generation + 1,
    ...(tasks.length > 0 && { tasks: tasks.map((id) => num(run, id)) }),
  });

/** Folds all, and the run's end. */
function play(run: Progress, ...happenings: readonly (() => Happening)[]): void {
  for (const happening of happenings) close(run, foldSaved(run, [happening()]));
  expect(run.head.state).toMatch(/succeeded|failed|cancelled/);
}

const diamond = () =>
  progressOf([
    taskOf('a'),
    taskOf('b', { needs: ['a'] }),
    taskOf('c', { needs: ['a'] }),
    taskOf('d', { needs: ['b', 'c'] }),
  ]);

describe('a rerun', () => {
  test('resets what failed, was cancelled or skipped, and all that needs it, and nothing else', () => {
    const run = diamond();
    play(
      run,
      () => reported(run, 'a'),
      () => failed(run, 'b'),
      () => reported(run, 'c'),
    );
    const happening = rerun(run);
    expect(sentBy(run, fold(run, [happening]))).toEqual(['b@2']);
    expect(statusesOf(run)).toEqual({ a: 'succeeded', b: 'waiting', c: 'succeeded', d: 'waiting' });
    expect(run.head).toMatchObject({ state: 'running', generation: 2, reason: undefined });
    expect(sentBy(run, fold(reloaded(run), [happening]))).toEqual(['b@2']);
  });

  test('of named tasks resets these, also if they succeeded', () => {
    const run = diamond();
    play(run, ...['a', 'b', 'c', 'd'].map((id) => () => reported(run, id)));
    expect(sentBy(run, fold(run, [rerun(run, 'c')]))).toEqual(['c@2']);
    expect(statusesOf(run)).toEqual({ a: 'succeeded', b: 'succeeded', c: 'waiting', d: 'waiting' });
  });

  test('begins a generation once: coming again it resets nothing', () => {
    const run = diamond();
    play(run, () => failed(run, 'a'));
    const happening = rerun(run);
    fold(run, [happening]);
    fold(run, [reported(run, 'a')]);
    const before = storedOf(run);
    expect(sentBy(run, fold(run, [happening]))).toEqual(['b@2', 'c@2']);
    expect(storedOf(run)).toEqual(before);
  });

  test('is not allowed while the run goes on, nor of another generation than the next', () => {
    const run = diamond();
    fold(run, [rerun(run)]);
    expect(run.head.generation).toBe(1);
    play(run, () => failed(run, 'a'));
    fold(run, [control('rerun', { generation: 3 })]);
    expect(run.head.generation).toBe(1);
  });

  test('never takes an attempt’s number twice, and refuses reports of those before', () => {
    const run = progressOf([taskOf('a')]);
    const late = failed(run, 'a');
    play(run, () => failed(run, 'a'));
    fold(run, [rerun(run)]);
    expect(attemptOf(run, 0)).toBe(2);
    fold(run, [late]);
    expect(statusOf(run, 'a')).toBe('waiting');
    expect(run.chunks[0]?.refused).toEqual([[late.id, 0, 1]]);
  });

  test('counts tries anew', () => {
    const run = progressOf([taskOf('a', { retry: { attemptsMax: 2 } })]);
    play(run, ...[1, 2].map(() => () => failed(run, 'a')).slice(1), () => failed(run, 'a'));
    fold(run, [rerun(run)]);
    fold(run, [failed(run, 'a')]);
    expect(statusOf(run, 'a')).toBe('backoff');
  });

  test('of a report that was accepted before does not call it refused', () => {
    const run = diamond();
    const first = failed(run, 'a');
    play(run, () => first);
    fold(run, [rerun(run)]);
    fold(run, [first]);
    expect(run.chunks[0]?.refused).toEqual([]);
  });

  test('of a task whose input could not be computed runs it', () => {
    const run = progressOf([taskOf('a')]);
    play(run, () => spawned(run, 'a', { kind: 'impossible', message: 'no' }));
    expect(sentBy(run, fold(run, [rerun(run)]))).toEqual(['a@2']);
  });

  test('of a cancelled run leaves what is not named cancelled, and says so', () => {
    const run = progressOf([taskOf('a'), taskOf('b')]);
    play(run, () => control('cancel'));
    fold(run, [rerun(run, 'a')]);
    const { end } = fold(run, [reported(run, 'a')]);
    expect(end).toEqual({ state: 'cancelled', reason: 'task b was cancelled' });
  });
});

describe('a rerun of sub-tasks', () => {
  const family = () => {
    const run = progressOf([taskOf('p'), taskOf('z', { needs: ['p'] })]);
    play(
      run,
      () => spawned(run, 'p', tasksOf('x', 'y')),
      () => reported(run, 'p'),
      () => failed(run, 'p/x'),
      () => reported(run, 'p/y'),
    );
    return run;
  };

  test('that failed has the parent wait for them, whose own work was done', () => {
    const run = family();
    expect(sentBy(run, fold(run, [rerun(run)]))).toEqual(['p/x@2']);
    expect(statusesOf(run)).toEqual({
      p: 'awaiting',
      z: 'waiting',
      'p/x': 'waiting',
      'p/y': 'succeeded',
    });
    expect(sentBy(run, fold(run, [reported(run, 'p/x')]))).toEqual(['z@2']);
  });

  test('that are named leaves the parent’s work, also if all had succeeded', () => {
    const run = family();
    fold(run, [rerun(run)]);
    play(
      run,
      () => reported(run, 'p/x'),
      () => reported(run, 'z'),
    );
    expect(sentBy(run, fold(run, [rerun(run, 'p/y')]))).toEqual(['p/y@2']);
    expect(statusOf(run, 'p')).toBe('awaiting');
  });

  test('with a parent that failed of itself does the parent’s work again, and keeps what succeeded', () => {
    const run = progressOf([taskOf('p')]);
    play(
      run,
      () => spawned(run, 'p', tasksOf('x', 'y')),
      () => failed(run, 'p'),
      () => reported(run, 'p/x'),
      () => failed(run, 'p/y'),
    );
    expect(sentBy(run, fold(run, [rerun(run)]))).toEqual(['p/y@2', 'p@2']);
    fold(run, [spawned(run, 'p', tasksOf('x', 'y')), reported(run, 'p')]);
    expect(run.graph.size).toBe(3);
    expect(fold(run, [reported(run, 'p/y')]).end?.state).toBe('succeeded');
  });

  test('whose parent is named leaves them behind: they neither run nor count', () => {
    const run = family();
    expect(sentBy(run, fold(run, [rerun(run, 'p')]))).toEqual(['p@2']);
    expect(statusesOf(run)['p/x']).toBe('failed');
    fold(run, [spawned(run, 'p', tasksOf('x')), reported(run, 'p')]);
    expect(sentBy(run, fold(run, [reported(run, 'p/x')]))).toEqual(['z@2']);
    expect(fold(run, [reported(run, 'z')]).end?.state).toBe('succeeded');
  });

  test('that are detached leaves the parent as it is', () => {
    const run = progressOf([taskOf('p'), taskOf('z', { needs: ['p'] })]);
    play(
      run,
      () => spawned(run, 'p', tasksOf('x!')),
      () => reported(run, 'p'),
      () => reported(run, 'z'),
      () => failed(run, 'p/x'),
    );
    expect(sentBy(run, fold(run, [rerun(run)]))).toEqual(['p/x@2']);
    expect(statusesOf(run)).toEqual({ p: 'succeeded', z: 'succeeded', 'p/x': 'waiting' });
  });

  test('of a map that needs what runs again expands it again', () => {
    const run = progressOf([taskOf('l'), taskOf('m', { each: [[]], needs: ['l'] })]);
    const [first, second] = [mapOf(1, 2), mapOf(3)];
    play(
      run,
      () => reported(run, 'l'),
      () => spawned(run, 'm', first),
      () => reported(run, 'm[0]'),
      () => failed(run, 'm[1]'),
    );
    fold(run, [rerun(run, 'l')]);
    expect(expandedBy(run, fold(run, [reported(run, 'l')]))).toEqual(['m@2']);
    expect(sentBy(run, fold(run, [spawned(run, 'm', second)]))).toEqual(['m[0]@2']);
    expect(fold(run, [reported(run, 'm[0]')]).end?.state).toBe('succeeded');
  });

  test('of what was spawned anew gives no attempt the name of one before', () => {
    const run = progressOf([taskOf('p', { retry: { attemptsMax: 3 } }), taskOf('other')]);
    const names: string[] = [];
    const spawns: Happening[] = [];
    const send = (happening: Happening): void => {
      if (happening.kind === 'spawn') spawns.push(happening);
      const saved = foldSaved(run, [happening]);
      names.push(...sentBy(run, saved).filter((name) => name.startsWith('p/')));
      close(run, saved);
    };
    for (let generation = 1; generation <= 3; generation++) {
      send(spawned(run, 'p', tasksOf('x')));
      if (generation !== 2) {
        send(spawned(run, 'p/x', tasksOf('y')));
        send(failed(run, 'p/x/y'));
        send(reported(run, 'p/x/y'));
      }
      send(reported(run, 'p/x'));
      send(reported(run, 'p'));
      if (generation === 1) send(reported(run, 'other'));
      expect(run.head.state).toBe('succeeded');
      expect(storedOf(reloaded(run, spawns))).toEqual(storedOf(run));
      if (generation < 3) send(rerun(run, 'p'));
    }
    expect(names).toEqual(['p/x@1', 'p/x/y@1', 'p/x/y@2', 'p/x@3', 'p/x@4', 'p/x/y@4', 'p/x/y@5']);
  });

  test('expands a map whose elements are known, and which was not saved as expanded, into others', () => {
    const run = progressOf([taskOf('m', { each: [[]] })]);
    const first = spawned(run, 'm', mapOf(1, 2));
    if (first.kind !== 'spawn') throw new Error('it is one');
    extend(run.graph, first.id, first.spawn);
    grow(run);
    close(run, foldSaved(run, [control('cancel')]));
    expect(run.head.state).toBe('cancelled');
    const again = foldSaved(run, [rerun(run)]);
    expect([expandedBy(run, again), sentBy(run, again)]).toEqual([['m@2'], []]);
    const sent = sentBy(run, foldSaved(run, [spawned(run, 'm', mapOf(1, 2))]));
    expect(sent).toEqual(['m[0]@2', 'm[1]@2']);
    expect(sentBy(run, foldSaved(run, [first]))).toEqual([]);
  });

  test('of an empty map that is named expands it again', () => {
    const run = progressOf([taskOf('m', { each: [[]] })]);
    play(run, () => spawned(run, 'm', mapOf()));
    expect(expandedBy(run, fold(run, [rerun(run, 'm')]))).toEqual(['m@2']);
  });
});

describe('a rerun that was saved in part', () => {
  const ended = () => {
    const run = progressOf(
      [
        taskOf('a'),
        taskOf('b', { needs: ['a'] }),
        taskOf('c', { needs: ['b'], rule: 'all-done' }),
        taskOf('d'),
      ],
      1,
    );
    play(
      run,
      () => reported(run, 'd'),
      () => failed(run, 'a'),
      () => reported(run, 'c'),
    );
    return run;
  };

  test('is completed by whatever is folded next, whichever chunks were saved', () => {
    const before = ended();
    const happening = rerun(before);
    const whole = reloaded(before);
    foldSaved(whole, [happening]);
    for (let saved = 0; saved < 16; saved++) {
      const run = reloaded(before);
      Object.assign(run.head, structuredClone(whole.head));
      for (let n = 0; n < 4; n++)
        if ((saved >> n) & 1) run.chunks[n] = reloaded(whole).chunks[n] as Chunk;
      expect(sentBy(run, foldSaved(run, [happening]))).toEqual(['a@2']);
      expect(statusesOf(run)).toEqual(statusesOf(whole));
      expect(storedOf(run)).toEqual(storedOf(whole));
    }
  });

  test('is completed before a report is folded', () => {
    const run = ended();
    run.head.state = 'running';
    run.head.generation = 2;
    run.head.rerun = 'failed';
    fold(run, []);
    expect(statusesOf(run)).toEqual({ a: 'waiting', b: 'waiting', c: 'waiting', d: 'succeeded' });
  });

  test('does not reset again what a later chunk holds', () => {
    const run = progressOf([taskOf('p', { retry: { attemptsMax: 1 } })], 1);
    play(run, () => failed(run, 'p'));
    const happening = rerun(run);
    foldSaved(run, [happening]);
    play(
      run,
      () => spawned(run, 'p', tasksOf('x')),
      () => reported(run, 'p'),
      () => failed(run, 'p/x'),
    );
    const before = statusesOf(run);
    foldSaved(run, [happening]);
    expect(statusesOf(run)).toEqual(before);
  });
});
