import { expect, test } from '@jest/globals';
import { Problem } from '../../src/contract/problem.ts';
import type { LimitedBy, Task } from '../../src/contract/workflow.ts';
import { confirmSlots } from '../../src/engine/confirm-slots.ts';
import { createLimits, waitOf } from '../../src/engine/limits.ts';
import { openScene, runId, runnerA, type Scene, workOf } from '../support/scene.ts';

const under = (id: string, ...limitedBy: LimitedBy[]): Task => workOf(id, { limitedBy });

async function begun(tasks: readonly Task[], scene = openScene({ shards: 4 })): Promise<Scene> {
  await scene.submit(tasks);
  await scene.fold();
  return scene;
}

test('each place is told with its bound, who holds it and how many wait', async () => {
  const limit: LimitedBy = { name: 'x', key: '${{ item }}', max: 1, sum: 2 };
  const rate = { count: 1, perMs: 60_000 };
  const scene = await begun([
    workOf('m', { each: [['p', 'p', 'q', 'r']], limitedBy: [limit] }),
    under('z', { name: 'often', rate }),
  ]);
  const attempt = { run: runId, task: 2, attempt: 1, slots: [['w/x=p', 0]] as const };
  await confirmSlots(scene.ports, scene.settings, runnerA, [attempt]);
  const limits = createLimits(scene.own);
  const { items } = await limits.list({});
  const told = items
    .map(({ limit: name, key, kind, max, held, waiting, holders }) => [
      ...[name, key, kind, max, held, waiting],
      holders.map(({ task, runner }) => `${task} ${runner === runnerA}`).join(),
    ])
    .sort();
  expect(told).toEqual([
    ['w/often', undefined, 'rate', undefined, 1, 0, ''],
    ['w/x', undefined, 'all', 2, 2, 1, 'm[0] false,m[2] false'],
    ['w/x', 'p', 'key', 1, 1, 1, 'm[0] true'],
    ['w/x', 'q', 'key', 1, 1, 0, 'm[2] false'],
    ['w/x', 'r', 'key', 1, 1, 0, 'm[3] false'],
  ]);
  expect(items.find(({ kind }) => kind === 'rate')).toMatchObject({ rate });
});

test('the list is told page by page, all of it once', async () => {
  const each = [Array.from({ length: 25 }, (_, n) => `k${n}`)];
  const limitedBy = [{ name: 'x', key: '${{ item }}', max: 1 }];
  const scene = await begun([workOf('m', { each, limitedBy })]);
  const limits = createLimits(scene.own);
  const keys: string[] = [];
  for (let after: string | undefined, pages = 0; pages < 50; pages++) {
    const page = await limits.list({ limit: 3, ...(after !== undefined && { after }) });
    keys.push(...page.items.map(({ key = '' }) => key));
    if (page.next === null) break;
    after = page.next;
  }
  expect(keys).toHaveLength(25);
  expect(new Set(keys).size).toBe(25);
  await expect(limits.list({ after: 'nonsense' })).rejects.toThrow(Problem);
});

test('a ready task says which limit it waits for, and who holds that', async () => {
  const one: LimitedBy = { name: 'x', max: 1 };
  const scene = await begun([under('a', one), under('b', one)]);
  const run = await scene.own.runs.look(runId);
  if (run === undefined) throw new Error('the run is there');
  expect(await waitOf(scene.own, run, 0)).toBeUndefined();
  expect(await waitOf(scene.own, run, 1)).toMatchObject({
    limit: 'w/x',
    kind: 'all',
    max: 1,
    holders: [{ run: runId, task: 'a', attempt: 1 }],
  });
});

test('a shared limit is set, told and removed; what waits for a raised one goes on at once', async () => {
  const scene = openScene();
  const limits = createLimits(scene.own);
  await limits.set('api', { max: 1 });
  const shared: LimitedBy = { name: 'api', shared: true };
  await begun([under('a', shared), under('b', shared), under('c', shared)], scene);
  expect(await scene.drain()).toEqual(['a@1']);
  expect(await limits.set('api', { max: 2 })).toEqual({ name: 'api', max: 2 });
  expect(await scene.drain()).toEqual(['b@1']);
  // Lowered: what holds it goes on, and nobody else starts before it is below the bound.
  await limits.set('api', { max: 1 });
  await scene.report({ task: 0 });
  await scene.fold();
  expect(await scene.drain()).toEqual([]);
  await scene.report({ task: 1 });
  await scene.fold();
  expect(await scene.drain()).toEqual(['c@1']);
  expect([await limits.shared(), await limits.one('api')]).toEqual([
    [{ name: 'api', max: 1 }],
    { name: 'api', max: 1 },
  ]);
  await limits.remove('api');
  await expect(limits.one('api')).rejects.toThrow('there is no shared limit api');
  await expect(limits.remove('api')).rejects.toThrow(Problem);
});
