import { expect, test } from '@jest/globals';
import type { Happening } from '../../src/contract/happening.ts';
import type { Task } from '../../src/contract/workflow.ts';
import { begin, fold } from '../../src/core/fold.ts';
import { isLimited } from '../../src/core/limited.ts';
import { dagOf, progressOf, taskOf } from '../support/core-progress.ts';

const limitedBy: NonNullable<Task['limitedBy']> = [{ max: 1 }];
const retry = { attemptsMax: 2 };

const report = (task: number, attempt: number, outcome: 'succeeded' | 'failed'): Happening => ({
  kind: 'report',
  id: `PACK#${task}#${attempt}`,
  report: { task, attempt, outcome, startedAt: 1, endedAt: 2 },
});
const cancel: Happening = {
  kind: 'control',
  id: 'CONTROL#1',
  control: { action: 'cancel', at: 1 },
};

test('a workflow is limited when one of its tasks is', () => {
  expect(isLimited(dagOf([taskOf('a'), taskOf('b', { limitedBy })]))).toBe(true);
  expect(isLimited(dagOf([taskOf('a')]))).toBe(false);
});

test('an attempt that is over frees what it held, also when that is told again', () => {
  const run = progressOf([taskOf('a', { limitedBy, retry }), taskOf('b')]);
  begin(run);
  const batch = [report(0, 1, 'failed'), report(1, 1, 'succeeded')];
  const want = [{ task: 0, attempt: 1, byRunner: true }];
  expect(fold(run, batch).freed).toEqual(want);
  expect(fold(run, batch).freed).toEqual(want);
  const lost: Happening = {
    kind: 'lost',
    id: 'LOST#0#2',
    lost: { task: 0, attempt: 2, at: 3, reason: 'gone' },
  };
  expect(fold(run, [lost]).freed).toEqual([{ task: 0, attempt: 2, byRunner: true }]);
});

test('a cancelled run frees what nobody is at, also when that is told again', () => {
  const run = progressOf([taskOf('a', { limitedBy }), taskOf('b')]);
  begin(run);
  const want = [{ task: 0, attempt: 1, byRunner: false }];
  expect(fold(run, [cancel]).freed).toEqual(want);
  expect(fold(run, [cancel]).freed).toEqual(want);
});

test('what still is awaited frees nothing', () => {
  const run = progressOf([taskOf('a', { limitedBy, retry })]);
  fold(run, [report(0, 1, 'failed')]);
  expect(fold(run, [report(0, 2, 'failed')]).freed).toEqual([
    { task: 0, attempt: 2, byRunner: true },
  ]);
  const open = progressOf([taskOf('a', { limitedBy })]);
  expect(begin(open).freed).toEqual([]);
});
