import { describe, expect, test } from '@jest/globals';
import { fold } from '../../src/core/fold.ts';
import {
  close,
  control,
  failed,
  mapOf,
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

const chain = () =>
  progressOf([
    taskOf('a', { retry: { attemptsMax: 2 } }),
    taskOf('b', { needs: ['a'] }),
    taskOf('c', { needs: ['b'], rule: 'always' }),
  ]);

describe('a pause', () => {
  test('has nothing sent, of what becomes ready, is tried again, or spawned', () => {
    const run = progressOf([
      taskOf('a', { retry: { attemptsMax: 2 } }),
      taskOf('b', { needs: ['a'] }),
      taskOf('m', { each: [[]] }),
      taskOf('p'),
    ]);
    fold(run, [control('pause')]);
    const batches = [
      [failed(run, 'a')],
      [spawned(run, 'm', mapOf(1))],
      [spawned(run, 'p', tasksOf('x'))],
    ];
    for (const batch of batches) expect(fold(run, batch).sends.size).toBe(0);
    expect(fold(run, [reported(run, 'a')]).sends.size).toBe(0);
  });

  test('takes back what is ready in the same batch', () => {
    const run = chain();
    expect(fold(run, [reported(run, 'a'), control('pause')]).sends.size).toBe(0);
    const other = chain();
    expect(fold(other, [failed(other, 'a'), control('pause')]).sends.size).toBe(0);
  });

  test('lets a run end that has nothing left to do', () => {
    const run = progressOf([taskOf('a')]);
    fold(run, [control('pause')]);
    expect(fold(run, [reported(run, 'a')]).end?.state).toBe('succeeded');
  });
});

describe('a resume', () => {
  test('has all sent that is ready, with its attempt', () => {
    const run = chain();
    fold(run, [control('pause')]);
    fold(run, [failed(run, 'a')]);
    const resume = control('resume');
    expect(sentBy(run, fold(run, [resume]))).toEqual(['a@2']);
    expect(sentBy(run, fold(reloaded(run), [resume]))).toEqual(['a@2']);
  });

  test('rests on every chunk, so that it misses nothing that another decider held back', () => {
    const run = progressOf([taskOf('a'), taskOf('b'), taskOf('c')], 1);
    fold(run, [control('pause')]);
    expect([...fold(run, [control('resume')]).consulted].sort()).toEqual([0, 1, 2]);
  });
});

describe('a cancel', () => {
  test('ends all that is open but what runs always, and the run when that has ended', () => {
    const run = chain();
    const cancel = control('cancel', { reason: 'enough' });
    expect(sentBy(run, fold(run, [cancel]))).toEqual(['c@1']);
    expect(statusesOf(run)).toEqual({ a: 'cancelled', b: 'cancelled', c: 'waiting' });
    expect(sentBy(run, fold(reloaded(run), [cancel]))).toEqual(['c@1']);
    const end = fold(run, [failed(run, 'c')]).end;
    expect(end).toEqual({ state: 'cancelled', reason: 'enough' });
  });

  test('may make the run fail', () => {
    const run = progressOf([taskOf('a')]);
    const { end } = fold(run, [control('cancel', { reason: 'too late', fails: true })]);
    expect(end).toEqual({ state: 'failed', reason: 'too late' });
  });

  test('spares the sub-tasks of what runs always, and no others', () => {
    const run = progressOf([
      taskOf('m', { each: [[]], rule: 'always' }),
      taskOf('n', { each: [[]] }),
    ]);
    fold(run, [spawned(run, 'm', mapOf(1, 2)), spawned(run, 'n', mapOf(1))]);
    fold(run, [control('cancel')]);
    expect(statusesOf(run)).toEqual({
      m: 'awaiting',
      n: 'cancelled',
      'm[0]': 'waiting',
      'm[1]': 'waiting',
      'n[0]': 'cancelled',
    });
    expect(fold(run, [reported(run, 'm[0]'), reported(run, 'm[1]')]).end?.state).toBe('cancelled');
  });

  test('is final: what comes late changes nothing', () => {
    const run = chain();
    const late = reported(run, 'a');
    fold(run, [control('cancel')]);
    fold(run, [late]);
    expect(statusOf(run, 'a')).toBe('cancelled');
  });

  test('ends a paused run', () => {
    const run = progressOf([taskOf('a')]);
    fold(run, [control('pause')]);
    expect(fold(run, [control('cancel')]).end?.state).toBe('cancelled');
  });

  test('of a run that has ended changes nothing', () => {
    const run = progressOf([taskOf('a')]);
    close(run, fold(run, [reported(run, 'a')]));
    expect(fold(run, [control('cancel')]).end).toBeUndefined();
    expect(run.head.state).toBe('succeeded');
  });
});

describe('a control', () => {
  test('is decided once, however often it comes', () => {
    const run = chain();
    const [pause, resume] = [control('pause'), control('resume')];
    fold(run, [pause, resume]);
    fold(run, [pause]);
    expect(run.head.state).toBe('running');
  });

  test('that was not allowed is not applied when it comes again later', () => {
    const run = progressOf([taskOf('a')]);
    close(run, fold(run, [reported(run, 'a')]));
    const late = control('cancel');
    fold(run, [late]);
    fold(run, [control('rerun', { generation: 2, tasks: [0] })]);
    fold(run, [late]);
    expect([run.head.state, statusOf(run, 'a')]).toEqual(['running', 'waiting']);
  });

  test('is known for decided after a hundred others', () => {
    const run = chain();
    const first = control('pause', { id: 'CONTROL#0000' });
    const resume = control('resume', { id: 'CONTROL#0001' });
    fold(run, [first, resume]);
    for (let n = 100; n < 200; n++)
      fold(run, [control(n % 2 === 0 ? 'pause' : 'resume', { id: `CONTROL#0${n}` })]);
    expect(run.head.state).toBe('running');
    expect(run.head.controls.length).toBeLessThanOrEqual(64);
    const before = storedOf(run);
    fold(run, [first]);
    expect(storedOf(run)).toEqual(before);
  });
});
