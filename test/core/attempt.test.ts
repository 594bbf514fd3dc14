import { describe, expect, test } from '@jest/globals';
import { fold } from '../../src/core/fold.ts';
import { triesOf } from '../../src/core/progress.ts';
import {
  failed,
  foldSaved,
  lost,
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

const retried = {
  retry: { attemptsMax: 3, backoff: { delayMsMin: 100, jitter: 'none' } },
} as const;
const pair = () => progressOf([taskOf('a', retried), taskOf('b', { needs: ['a'] })]);
const refusedIn = (run: ReturnType<typeof pair>) => run.chunks.flatMap(({ refused }) => refused);

describe('the report of the current attempt', () => {
  test.each([
    ['succeeded', 'succeeded'],
    ['failed', 'failed'],
    ['cancelled', 'cancelled'],
    ['released', 'backoff'],
  ] as const)('that it %s makes the task %s', (outcome, want) => {
    const run = progressOf([taskOf('a')]);
    fold(run, [reported(run, 'a', outcome)]);
    expect(statusOf(run, 'a')).toBe(want);
  });

  test('that it failed leads to the next attempt, after its delay', () => {
    const run = pair();
    const decision = fold(run, [failed(run, 'a')]);
    expect(statusOf(run, 'a')).toBe('backoff');
    expect([...decision.sends.values()]).toEqual([{ task: num(run, 'a'), attempt: 2, at: 2100 }]);
  });

  test('counts tries from the first start that is known', () => {
    const run = pair();
    fold(run, [failed(run, 'a', {}, { startedAt: 500.7, endedAt: 900 })]);
    fold(run, [failed(run, 'a', {}, { startedAt: 1500, endedAt: 1900 })]);
    expect(triesOf(run, num(run, 'a'))).toMatchObject({
      attempt: 3,
      tries: 2,
      lost: 0,
      since: 500,
    });
    fold(run, [failed(run, 'a')]);
    expect(statusOf(run, 'a')).toBe('failed');
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, -1, 1e300])(
    'with a time of %d can be stored',
    (ms) => {
      const run = pair();
      fold(run, [failed(run, 'a', {}, { startedAt: ms, endedAt: ms })]);
      expect(storedOf(reloaded(run))).toEqual(storedOf(run));
    },
  );

  test('that it was released leads to the next attempt at once, and is no try', () => {
    const run = progressOf([taskOf('a', { delivery: 'at-most-once' })]);
    const decision = fold(run, [reported(run, 'a', 'released')]);
    expect([...decision.sends.values()]).toEqual([{ task: 0, attempt: 2, at: 0 }]);
    expect(triesOf(run, 0)).toMatchObject({ tries: 0, lost: 0 });
  });

  test.each([
    [{ delivery: 'at-most-once' }, 'failed'],
    [{ onLost: 'fail' }, 'failed'],
    [{}, 'backoff'],
    [{ lostMax: 0 }, 'backoff'],
  ] as const)('that it was released at work makes a task with %j %s', (options, want) => {
    const run = progressOf([taskOf('a', options)]);
    const error = { reason: 'lost', message: 'its runner was stopped' } as const;
    fold(run, [reported(run, 'a', 'released', { error })]);
    expect(statusOf(run, 'a')).toBe(want);
    expect(triesOf(run, 0)).toMatchObject({ tries: 0, lost: 0 });
  });

  test('without an error is a failure all the same', () => {
    const run = pair();
    fold(run, [reported(run, 'a', 'failed')]);
    expect(statusOf(run, 'a')).toBe('backoff');
  });
});

describe('any other report', () => {
  test('of an attempt before is refused, once, and changes nothing else', () => {
    const run = pair();
    const first = reported(run, 'a');
    fold(run, [lost(run, 'a')]);
    const before = statusesOf(run);
    for (let n = 0; n < 3; n++) expect(fold(run, [first]).sends.size).toBe(0);
    expect(statusesOf(run)).toEqual(before);
    expect(refusedIn(run)).toEqual([[first.id, num(run, 'a'), 1]]);
  });

  test('of an attempt that ended is refused, whatever it says', () => {
    const run = pair();
    const [one, two] = [reported(run, 'a'), failed(run, 'a')];
    fold(run, [one]);
    fold(run, [two]);
    expect(statusOf(run, 'a')).toBe('succeeded');
    expect(refusedIn(run)).toEqual([[two.id, num(run, 'a'), 1]]);
  });

  test('is judged alone: of two in one pack each counts for itself', () => {
    const run = progressOf([taskOf('a'), taskOf('b')]);
    fold(run, [lost(run, 'a')]);
    const stale = reported(run, 'a', 'succeeded', { id: 'PACK#r#0000zzzz', attempt: 1 });
    fold(run, [stale, reported(run, 'b', 'succeeded', { id: stale.id })]);
    expect(statusesOf(run)).toEqual({ a: 'backoff', b: 'succeeded' });
  });

  test('that says it was cancelled is no news', () => {
    const run = pair();
    const happening = reported(run, 'a', 'cancelled');
    fold(run, [lost(run, 'a')]);
    fold(run, [happening]);
    expect(refusedIn(run)).toEqual([]);
    expect(statusOf(run, 'a')).toBe('backoff');
  });

  test('of a task or attempt that is not known says that progress is behind', () => {
    const run = pair();
    expect(fold(run, [reported(run, 'a', 'succeeded', { attempt: 2 })]).behind).toBe(true);
    expect(fold(run, [lost(run, 'a', 2)]).behind).toBe(true);
    expect(storedOf(run)).toEqual(storedOf(pair()));
  });

  test('of attempts long ago is not looked at', () => {
    const run = progressOf([taskOf('a', { lostMax: 100 })]);
    const first = reported(run, 'a');
    for (let n = 0; n < 20; n++) fold(run, [lost(run, 'a')]);
    fold(run, [first]);
    expect(refusedIn(run)).toEqual([]);
  });
});

describe('a pack that comes again', () => {
  test('after two further attempts is not taken for a refused one', () => {
    const run = pair();
    const packs = [1, 2, 3].map(() => {
      const happening = failed(run, 'a');
      fold(run, [happening]);
      return happening;
    });
    const before = storedOf(run);
    for (const pack of packs) expect(fold(run, [pack]).sends.size).toBe(0);
    expect(storedOf(run)).toEqual(before);
    expect(refusedIn(run)).toEqual([]);
  });

  test('has the attempt that it led to sent again, with its time', () => {
    const run = pair();
    const happening = failed(run, 'a');
    const first = fold(run, [happening]);
    expect([...fold(reloaded(run), [happening]).sends]).toEqual([...first.sends]);
  });
});

describe('a lost attempt', () => {
  test('is followed by another at once', () => {
    const run = pair();
    const decision = fold(run, [lost(run, 'a')]);
    expect([...decision.sends.values()]).toEqual([{ task: num(run, 'a'), attempt: 2, at: 0 }]);
    expect(triesOf(run, num(run, 'a'))).toMatchObject({ tries: 0, lost: 1 });
  });

  test('that was lost too often fails its task', () => {
    const run = progressOf([taskOf('a', { lostMax: 1 })]);
    fold(run, [lost(run, 'a')]);
    const last = lost(run, 'a');
    expect(fold(run, [last]).end?.state).toBe('failed');
    expect(fold(reloaded(run), [last]).end?.state).toBe('failed');
  });

  test('of before changes nothing', () => {
    const run = pair();
    const first = lost(run, 'a');
    fold(run, [failed(run, 'a')]);
    const before = storedOf(run);
    expect(fold(run, [first]).sends.size).toBe(0);
    expect(storedOf(run)).toEqual(before);
  });

  test('counts or its report does, whichever comes first', () => {
    const one = pair();
    const [gone, done] = [lost(one, 'a'), reported(one, 'a')];
    fold(one, [gone, done]);
    expect(statusOf(one, 'a')).toBe('backoff');
    const two = pair();
    fold(two, [done, gone]);
    expect(statusOf(two, 'a')).toBe('succeeded');
  });
});

describe('a task that its runner goes on with', () => {
  const going = (run: ReturnType<typeof pair>) =>
    reported(run, 'a', 'succeeded', { continued: { task: num(run, 'b'), attempt: 1 } });
  const follower = (run: ReturnType<typeof pair>, pack: string, attempt = 1) =>
    reported(run, 'b', 'succeeded', { after: { task: num(run, 'a'), attempt, pack } });

  test('is not sent, also when the report comes again', () => {
    const run = pair();
    const happening = going(run);
    expect(sentBy(run, fold(run, [happening]))).toEqual([]);
    expect(sentBy(run, fold(reloaded(run), [happening]))).toEqual([]);
  });

  test('is sent when its runner is gone, in whatever order that comes', () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const run = pair();
      const both = [going(run), lost(run, 'a')];
      fold(run, [both[0] as (typeof both)[0]]);
      const decision = fold(
        run,
        order.map((i) => both[i] as (typeof both)[0]),
      );
      expect(sentBy(run, decision)).toEqual(['b@1']);
    }
  });

  test('is sent when its runner is gone that was last seen at the head of the chain', () => {
    const run = progressOf([
      taskOf('a'),
      taskOf('b', { needs: ['a'] }),
      taskOf('c', { needs: ['b'] }),
    ]);
    const first = going(run);
    const continued = { task: num(run, 'c'), attempt: 1 };
    const after = { task: num(run, 'a'), attempt: 1, pack: first.id };
    fold(run, [first]);
    fold(run, [reported(run, 'b', 'succeeded', { after, continued })]);
    expect(sentBy(run, fold(run, [lost(run, 'a')]))).toEqual(['c@1']);
  });

  test('is sent when it is at another attempt by now', () => {
    const run = pair();
    fold(run, [lost(run, 'b')]);
    expect(sentBy(run, fold(run, [going(run)]))).toEqual(['b@2']);
  });

  test('does not fail for a loss before its turn has come, whatever its policy', () => {
    const run = progressOf([taskOf('a'), taskOf('b', { needs: ['a'], lostMax: 0 })]);
    fold(run, [lost(run, 'b')]);
    expect(statusesOf(run)).toEqual({ a: 'waiting', b: 'waiting' });
    expect(sentBy(run, fold(run, [reported(run, 'a')]))).toEqual(['b@2']);
    fold(run, [lost(run, 'b')]);
    expect(statusesOf(run)).toEqual({ a: 'succeeded', b: 'failed' });
  });

  test.each([{ delivery: 'at-most-once' }, { onLost: 'fail' }] as const)(
    'fails for a loss when it may not begin again (%j), also where its need is not known to have ended',
    (more) => {
      const run = progressOf([taskOf('a'), taskOf('b', { needs: ['a'], ...more })]);
      fold(run, [lost(run, 'b')]);
      expect(statusesOf(run)).toEqual({ a: 'waiting', b: 'failed' });
    },
  );

  test('is sent when the report that says so is not the one that counts', () => {
    const run = pair();
    const stale = going(run);
    fold(run, [lost(run, 'a')]);
    expect(sentBy(run, fold(run, [stale, reported(run, 'a')]))).toEqual(['b@1']);
  });

  test('counts if the attempt that led to it does', () => {
    const run = pair();
    const first = going(run);
    expect(fold(run, [first, follower(run, first.id)]).end?.state).toBe('succeeded');
  });

  test('gets a new attempt, and waits, if the attempt that led to it does not count', () => {
    const run = pair();
    const [first, second] = [going(run), follower(run, 'PACK#r#00000001')];
    fold(run, [lost(run, 'a')]);
    expect(sentBy(run, fold(run, [first, second]))).toEqual([]);
    expect(statusesOf(run)).toEqual({ a: 'backoff', b: 'waiting' });
    expect(refusedIn(run)).toHaveLength(2);
    expect(sentBy(run, fold(run, [reported(run, 'a')]))).toEqual(['b@2']);
  });

  test('that is lost before what it needs is known to have succeeded waits for that', () => {
    const run = pair();
    expect(sentBy(run, fold(run, [lost(run, 'b')]))).toEqual([]);
    expect(statusOf(run, 'b')).toBe('waiting');
    expect(sentBy(run, fold(run, [reported(run, 'a')]))).toEqual(['b@2']);
  });

  test('is judged once the attempt that led to it is saved, where that is saved apart', () => {
    const run = progressOf([taskOf('a'), taskOf('b', { needs: ['a'] })], 1);
    const first = going(run);
    const both = [first, follower(run, first.id)];
    const decision = fold(run, both);
    expect(decision.unfinished).toBe(true);
    expect(statusesOf(run)).toEqual({ a: 'succeeded', b: 'waiting' });
    expect(foldSaved(run, both).end?.state).toBe('succeeded');
  });

  test('is judged with the attempt that led to it, when that is put off', () => {
    const tasks = [taskOf('a'), taskOf('x'), taskOf('b', { needs: ['a'] })];
    const run = progressOf([...tasks, taskOf('c', { needs: ['b'] })], 2);
    const link = (id: string, before: string, outcome: 'succeeded' | 'failed') =>
      reported(run, id, outcome, { after: { task: num(run, before), attempt: 1, pack: 'PACK#r' } });
    const all = [
      reported(run, 'x'),
      reported(run, 'a'),
      link('b', 'a', 'succeeded'),
      link('c', 'b', 'failed'),
    ];
    expect(fold(run, all).unfinished).toBe(true);
    expect(statusesOf(run)).toEqual({ a: 'succeeded', x: 'succeeded', b: 'waiting', c: 'waiting' });
    expect(foldSaved(run, all).end?.state).toBe('failed');
    expect(statusesOf(run)).toMatchObject({ b: 'succeeded', c: 'failed' });
    expect(refusedIn(run)).toEqual([]);
  });
});

describe('a retried task that succeeds', () => {
  test('has the head saved too, as another decider may have added sub-tasks to it', () => {
    const run = pair();
    fold(run, [failed(run, 'a')]);
    run.head.dirty = false;
    fold(run, [reported(run, 'a')]);
    expect(run.head.dirty).toBe(true);
    const plain = pair();
    fold(plain, [reported(plain, 'a')]);
    expect(plain.head.dirty).toBe(false);
  });

  test('waits for sub-tasks of its attempts before', () => {
    const run = pair();
    fold(run, [spawned(run, 'a', tasksOf('x')), failed(run, 'a')]);
    fold(run, [reported(run, 'a')]);
    expect(statusesOf(run)).toEqual({ a: 'awaiting', b: 'waiting', 'a/x': 'waiting' });
  });
});
