import { describe, expect, test } from '@jest/globals';
import { areUnsaved, endOfParent, hasChildren } from '../../src/core/children.ts';
import { newDecision } from '../../src/core/decision.ts';
import { fold } from '../../src/core/fold.ts';
import { type Progress, setCode } from '../../src/core/progress.ts';
import { type Code, codes, type Status } from '../../src/core/status.ts';
import { mapOf, num, progressOf, spawned, taskOf, tasksOf } from '../support/core-progress.ts';

const parentOf = (chunkSize: number, ...parts: readonly (readonly string[])[]): Progress => {
  const run = progressOf([taskOf('p')], chunkSize);
  for (const [part, keys] of parts.entries())
    fold(run, [spawned(run, 'p', tasksOf(...keys), 1, part)]);
  return run;
};
const end = (run: Progress): Code | undefined => endOfParent(run, num(run, 'p'), newDecision());

describe('a task whose own work is done', () => {
  test.each([
    ['nobody', [], false],
    ['a sub-task', [['x']], true],
    ['none but detached ones', [['x!', 'y!']], false],
    ['one among detached ones', [['x!'], ['y!', 'z']], true],
  ])('has to wait for %s', (_, parts, want) => {
    expect(hasChildren(parentOf(10, ...parts).graph, 0)).toBe(want);
  });

  test('has to wait for a map’s elements, also for none', () => {
    const run = progressOf([taskOf('m', { each: [[]] })]);
    expect(hasChildren(run.graph, 0)).toBe(false);
    fold(run, [spawned(run, 'm', mapOf())]);
    expect(hasChildren(run.graph, 0)).toBe(true);
  });
});

describe('a parent', () => {
  const outcomes: readonly (readonly [Status, Status, Status | undefined])[] = [
    ['succeeded', 'waiting', undefined],
    ['succeeded', 'backoff', undefined],
    ['failed', 'awaiting', undefined],
    ['succeeded', 'succeeded', 'succeeded'],
    ['succeeded', 'skipped', 'succeeded'],
    ['succeeded', 'failed', 'failed'],
    ['cancelled', 'succeeded', 'failed'],
    ['skippedByFailure', 'succeeded', 'failed'],
  ];
  test.each(outcomes)('of one that is %s and one that is %s is %s', (x, y, want) => {
    for (const chunkSize of [1, 2, 10]) {
      for (const parts of [[['x', 'y']], [['x'], ['y']], [['x', 'd!', 'y']]]) {
        const run = parentOf(chunkSize, ...parts);
        for (const [key, status] of [
          ['x', x],
          ['y', y],
        ] as const)
          setCode(run, num(run, `p/${key}`), codes[status]);
        expect(end(run)).toBe(want && codes[want]);
      }
    }
  });

  test('rests on the chunks of its sub-tasks', () => {
    const run = parentOf(2, ['x', 'y', 'z']);
    const decision = newDecision();
    for (const key of ['x', 'y', 'z']) setCode(run, num(run, `p/${key}`), codes.succeeded);
    endOfParent(run, 0, decision);
    expect([...decision.consulted]).toEqual([0, 1]);
  });

  test('has unsaved sub-tasks while a chunk that is not its own is', () => {
    const run = parentOf(2, ['x', 'y', 'z']);
    for (const chunk of run.chunks) chunk.unsaved = false;
    const unsaved = (n: number): boolean => {
      for (const [i, chunk] of run.chunks.entries()) chunk.unsaved = i === n;
      return areUnsaved(run, 0);
    };
    expect([-1, 0, 1].map(unsaved)).toEqual([false, false, true]);
  });
});
