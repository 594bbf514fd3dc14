import { describe, expect, test } from '@jest/globals';
import { fold } from '../../src/core/fold.ts';
import { grow } from '../../src/core/progress.ts';
import {
  control,
  foldSaved,
  mapOf,
  progressOf,
  reloaded,
  reported,
  spawned,
  statusesOf,
  taskOf,
} from '../support/core-progress.ts';

describe('a cancel of a run that was saved in part', () => {
  const none = { run: { kind: 'none' } } as const;

  test('leaves a sub-task the end that its parent rests on', () => {
    const run = progressOf([taskOf('m', { each: [[1]], ...none }), taskOf('z')], 1);
    const spawn = spawned(run, 'm', mapOf(1));
    foldSaved(run, [spawn]);
    expect(statusesOf(run)).toMatchObject({ m: 'succeeded', 'm[0]': 'succeeded' });
    const stored = reloaded(run, [spawn]);
    stored.chunks.pop();
    grow(stored);
    expect(statusesOf(stored)).toMatchObject({ m: 'succeeded', 'm[0]': 'waiting' });
    fold(stored, [control('cancel')]);
    expect(statusesOf(stored)).toEqual({ m: 'succeeded', 'm[0]': 'succeeded', z: 'cancelled' });
  });

  test('leaves a need the end that a dependent rests on', () => {
    const tasks = [
      taskOf('a'),
      taskOf('b', { needs: ['a'], rule: 'any-failed' }),
      taskOf('c', { needs: ['b'], rule: 'all-skipped', ...none }),
    ];
    const run = progressOf(tasks, 1);
    const happening = reported(run, 'a');
    foldSaved(run, [happening]);
    const stored = progressOf(tasks, 1);
    for (const n of [0, 2]) stored.chunks[n] = reloaded(run).chunks[n] as (typeof stored.chunks)[0];
    expect(statusesOf(stored)).toEqual({ a: 'succeeded', b: 'waiting', c: 'succeeded' });
    fold(stored, [control('cancel')]);
    expect(statusesOf(stored)).toEqual({ a: 'succeeded', b: 'skipped', c: 'succeeded' });
  });

  test('ends what waits for what it cancelled as cancelled, also when it is decided again', () => {
    const tasks = [
      taskOf('a'),
      taskOf('b', { needs: ['a'], ...none }),
      taskOf('m', { each: [[1]], ...none }),
    ];
    const run = progressOf(tasks, 1);
    const cancel = control('cancel');
    fold(run, [cancel]);
    const stored = progressOf(tasks, 1);
    stored.head.state = 'cancelling';
    stored.head.controls.push(cancel.id);
    stored.chunks[0] = reloaded(run).chunks[0] as (typeof stored.chunks)[0];
    fold(stored, [cancel]);
    expect(statusesOf(stored)).toEqual({ a: 'cancelled', b: 'cancelled', m: 'cancelled' });
  });

  test('does not end a parent by a sub-task that it cancelled itself', () => {
    const run = progressOf([taskOf('m', { each: [[1, 2]] })], 1);
    const spawn = spawned(run, 'm', mapOf(1, 2));
    foldSaved(run, [spawn]);
    const before = reloaded(run, [spawn]);
    const cancel = control('cancel');
    fold(run, [cancel]);
    before.head.state = 'cancelling';
    before.head.controls.push(cancel.id);
    for (const n of [1, 2])
      before.chunks[n] = reloaded(run, [spawn]).chunks[n] as (typeof before.chunks)[0];
    fold(before, [cancel]);
    expect(statusesOf(before)).toMatchObject({ m: 'cancelled', 'm[0]': 'cancelled' });
  });

  test('ends a parent as cancelled, whatever its sub-tasks come to meanwhile', () => {
    const run = progressOf([taskOf('m', { each: [[1], [1]] }), taskOf('z', { needs: ['m'] })], 1);
    const spawn = spawned(run, 'm', mapOf(1));
    foldSaved(run, [spawn]);
    const before = reloaded(run, [spawn]);
    const cancel = control('cancel');
    before.head.state = 'cancelling';
    before.head.controls.push(cancel.id);
    fold(before, [spawned(before, 'm[0]', mapOf(1))]);
    expect(statusesOf(before)).toMatchObject({ m: 'cancelled', z: 'cancelled' });
  });
});
