import { afterEach, expect, test } from '@jest/globals';
import { fromData, type PackData, runPartition, spawnSort } from '../../src/engine/items.ts';
import { defaultSettings } from '../../src/engine/settings.ts';
import type { Held } from '../../src/runner/held.ts';
import { createReports } from '../../src/runner/reports.ts';
import { type Home, openHome, workflowOf } from '../support/home.ts';
import { openScene, runId } from '../support/scene.ts';

let home: Home | undefined;
afterEach(async () => {
  await home?.close();
  home = undefined;
});

test('a task may ask for more sub-tasks in one breath than one item holds', async () => {
  const spawns = Array.from({ length: 3000 }, (_, i) => ({
    key: `k${i}`,
    with: { text: 'x'.repeat(300) },
    run: { kind: 'none' } as const,
  }));
  home = openHome(({ task }) => (task === 'root' ? { spawns } : {}));
  const { run } = await home.engine.submit({ workflow: workflowOf([{ id: 'root' }]) });
  const view = await home.ended(run.id);
  expect(view).toMatchObject({ state: 'succeeded', counts: { succeeded: 3001 } });
});

test('an attempt fails that asks for a sub-task which fits nowhere, and the runner goes on', async () => {
  const huge = { key: 'huge', with: 'x'.repeat(400 * 1024) };
  home = openHome(({ task }) => (task === 'root' ? { spawns: [huge] } : {}));
  const { run } = await home.engine.submit({ workflow: workflowOf([{ id: 'root' }]) });
  const view = await home.ended(run.id);
  expect(view.failures).toMatchObject([{ task: 'root', error: { reason: 'input' } }]);
  expect(view.failures[0]?.error.message).toMatch(/^sub-task huge was asked for with \d+ bytes/);
  const other = await home.engine.submit({ workflow: workflowOf([{ id: 'other' }]) });
  expect(await home.ended(other.run.id)).toMatchObject({ state: 'succeeded' });
});

test('what can never be written is told, and does not keep a drain waiting', async () => {
  const { ports } = openScene();
  const bug = new Error('a bug');
  const table = { ...ports.table, putMany: () => Promise.reject(bug) };
  const told: unknown[] = [];
  const reports = createReports({ ...ports, table }, defaultSettings, {
    owner: 'me',
    lingerMs: 0,
    open: () => 0,
    reported: () => undefined,
    failed: (error) => told.push(error),
  });
  const held = { run: runId, task: 0, attempt: 1, spawned: [] } as unknown as Held;
  const times = { startedAt: 1, endedAt: 2 };
  reports.add(held, { key: 1, outcome: 'succeeded', ...times });
  await reports.settled();
  expect(told).toEqual([bug]);
});

test('reports that name many spawn items are packed so that each pack fits into an item', async () => {
  const { ports } = openScene();
  const reports = createReports(ports, defaultSettings, {
    owner: '01JGA000000000000000000000',
    lingerMs: 0,
    open: () => 0,
    reported: () => undefined,
    failed: (error) => {
      throw error;
    },
  });
  const spawned = Array.from({ length: 200 }, (_, n) => spawnSort(0, 1, n));
  for (let task = 0; task < 100; task++) {
    const held = { run: runId, task, attempt: 1, spawned } as unknown as Held;
    reports.add(held, { key: task, outcome: 'succeeded', startedAt: 1, endedAt: 2 });
  }
  await reports.settled();
  const { items } = await ports.table.query({ partition: runPartition('main', runId) });
  const rows = items.flatMap(({ data }) => fromData<PackData>(data).reports);
  expect(rows).toHaveLength(100);
  for (const { data } of items) expect(JSON.stringify(data).length).toBeLessThan(350 * 1024);
});
