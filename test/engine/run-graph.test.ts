import { afterEach, expect, test } from '@jest/globals';
import { taskStates } from '../../src/contract/state.ts';
import { type Home, openHome, workflowOf } from '../support/home.ts';

const failed = { outcome: 'failed', error: { reason: 'exit', message: 'no' } } as const;

let home: Home | undefined;
afterEach(async () => {
  await home?.close();
  home = undefined;
});

test('a run is drawn from its own tasks, with sub-tasks as counts', async () => {
  home = openHome(({ task }) => (task === 'map[1]' ? failed : { output: 1 }));
  const { run } = await home.engine.submit({
    workflow: workflowOf([
      { id: 'a' },
      { id: 'map', needs: ['a'], each: [[1, 2, 3]], pool: 'default' },
      { id: 'z', needs: ['a', 'map'] },
    ]),
  });
  await home.ended(run.id);
  const { tasks } = await home.engine.graph(run.id);
  expect(tasks).toEqual([
    expect.objectContaining({ id: 'a' }),
    expect.objectContaining({ id: 'map', needs: [0], each: true }),
    expect.objectContaining({ id: 'z', needs: [0, 1] }),
  ]);
  const standing = await home.engine.states(run.id);
  expect(standing).toMatchObject({ state: 'failed', generation: 1 });
  const words = [...standing.states].map((digit) => taskStates[Number(digit)]);
  expect(words).toEqual(['succeeded', 'failed', 'skipped']);
  expect(standing.subTasks).toEqual([
    [1, expect.objectContaining({ succeeded: 2, failed: 1, waiting: 0 })],
  ]);
});

test('tasks and runs are found by a part of their names, in either case', async () => {
  home = openHome(() => ({ output: 1 }));
  const { run } = await home.engine.submit({
    workflow: workflowOf([{ id: 'Load' }, { id: 'map', each: [[1, 2]] }, { id: 'unload' }]),
    tags: ['Nightly'],
  });
  await home.ended(run.id);
  const found = async (text: string) =>
    (await home?.engine.tasks(run.id, { text }))?.items.map(({ id }) => id);
  expect(await found('LOAD')).toEqual(['Load', 'unload']);
  expect(await found('map[')).toEqual(['map[0]', 'map[1]']);
  for (const text of ['nightLY', run.id.slice(-6).toLowerCase(), run.workflow.slice(1)])
    expect((await home.engine.runs({ text })).items).toHaveLength(1);
  expect((await home.engine.runs({ text: 'elsewhere' })).items).toEqual([]);
});

test('runners are listed as their heartbeats say', async () => {
  home = openHome(() => ({ output: 1 }));
  const { run } = await home.engine.submit({ workflow: workflowOf([{ id: 'a' }]) });
  await home.ended(run.id);
  const runners = await home.engine.runners();
  expect(runners.length).toBeGreaterThan(0);
  for (const { pool, slots, atWork, at, leaseUntil } of runners) {
    expect([pool, atWork <= slots, leaseUntil > at]).toEqual(['default', true, true]);
  }
});
