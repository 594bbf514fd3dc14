import { expect, test } from '@jest/globals';
import { comingLevels } from '../../src/core/known-work.ts';
import { foldSaved, num, progressOf, reported, taskOf } from '../support/core-progress.ts';

const now = 100_000;
const meanMs = (pool: string): number => (pool === 'slow' ? 60_000 : 10_000);
const needing = (id: string, needs: string[], pool?: string) =>
  taskOf(id, { needs, ...(pool !== undefined && { pool }) });

const fan = (width: number, pool?: string) =>
  Array.from({ length: width }, (_, i) => needing(`part${i}`, ['first'], pool));

test('a level that waits for what runs is expected at its end', () => {
  const progress = progressOf([taskOf('first'), ...fan(20, 'slow')]);
  const running = new Map([[num(progress, 'first'), now - 4_000]]);
  const want = [{ pool: 'slow', at: now + 6_000, tasks: 20 }];
  expect(comingLevels(progress, running, meanMs, now)).toEqual(want);
});

test('what takes longer than tasks do is expected to end at any moment', () => {
  const progress = progressOf([taskOf('first'), ...fan(2, 'slow')]);
  const running = new Map([[num(progress, 'first'), now - 50_000]]);
  expect(comingLevels(progress, running, meanMs, now)).toMatchObject([{ at: now }]);
});

test('as many as free a slot by their end need none', () => {
  const chain = progressOf([taskOf('first'), needing('second', ['first'])]);
  const first = new Map([[num(chain, 'first'), now]]);
  expect(comingLevels(chain, first, meanMs, now)).toEqual([]);
  const wide = progressOf([taskOf('first'), ...fan(20)]);
  const one = new Map([[num(wide, 'first'), now]]);
  expect(comingLevels(wide, one, meanMs, now)).toMatchObject([{ pool: 'default', tasks: 19 }]);
});

test('what waits for something else too is not known to come', () => {
  const tasks = [taskOf('a'), taskOf('b'), needing('both', ['a', 'b'], 'slow')];
  const progress = progressOf(tasks);
  const [a, b] = [num(progress, 'a'), num(progress, 'b')];
  expect(comingLevels(progress, new Map([[a, now]]), meanMs, now)).toEqual([]);
  const both = new Map([
    [a, now],
    [b, now - 3_000],
  ]);
  const want = [{ pool: 'slow', at: now + 10_000, tasks: 1 }];
  expect(comingLevels(progress, both, meanMs, now)).toEqual(want);
});

test('what has become ready is known to wait, not to come', () => {
  const progress = progressOf([taskOf('first'), ...fan(20, 'slow')]);
  const first = num(progress, 'first');
  foldSaved(progress, [reported(progress, 'first', 'succeeded')]);
  // A heartbeat may list for seconds what has ended.
  expect(comingLevels(progress, new Map([[first, now]]), meanMs, now)).toEqual([]);
});

test('a map is as wide as its list, where that was written down', () => {
  const over = (each: readonly unknown[]) => {
    const map = taskOf('map', { needs: ['first'], pool: 'slow', each: each as never });
    const progress = progressOf([taskOf('first'), map]);
    const running = new Map([[num(progress, 'first'), now]]);
    return comingLevels(progress, running, meanMs, now)[0]?.tasks;
  };
  expect(over([[1, 2, 3]])).toBe(3);
  expect(
    over([
      [1, 2, 3],
      [1, 2],
    ]),
  ).toBe(6);
  expect(over(['{{ tasks.first.output }}'])).toBe(1);
});

test('sub-tasks lead to nothing that the workflow names', () => {
  const progress = progressOf([taskOf('first')]);
  expect(comingLevels(progress, new Map([[7, now]]), meanMs, now)).toEqual([]);
});
