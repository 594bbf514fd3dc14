import { expect, test } from '@jest/globals';
import { controlRun } from '../../src/engine/control-run.ts';
import { sweepRuns } from '../../src/engine/sweep.ts';
import { createClaims } from '../../src/runner/claims.ts';
import { openScene, runId, runnerA, workOf } from '../support/scene.ts';

const tasks = ['a', 'b', 'c', 'd'].map((id) => workOf(id));

test('a run that another decider changes while it is read bit by bit is read of one piece', async () => {
  const scene = openScene({ chunkSize: 2 });
  await scene.submit(tasks);
  await scene.fold();
  await scene.report({ task: 0, outcome: 'failed' }, { task: 1 }, { task: 2 }, { task: 3 });
  await scene.fold();
  const other = scene.decider().decider;
  let meanwhile = async (): Promise<void> => {
    meanwhile = async () => undefined;
    await controlRun(other, runId, { action: 'rerun' });
  };
  const table: typeof scene.ports.table = {
    ...scene.ports.table,
    getMany: async (keys) => {
      if (keys.some(({ sort }) => sort.startsWith('PROGRESS#'))) await meanwhile();
      return scene.ports.table.getMany(keys);
    },
  };
  const { decider } = scene.decider({ ...scene.ports, table });
  const run = await decider.runs.load(runId);
  expect(run?.progress.head.generation).toBe(2);
  expect(run?.progress.chunks.map(({ generation }) => generation)).toEqual([2, 2]);
});

test('claims of tasks that a process does not know of yet keep it from no sweep', async () => {
  const scene = openScene({ chunkSize: 2 });
  await scene.submit(tasks);
  await scene.fold();
  scene.pass(scene.settings.wakeMs);
  const claims = createClaims(scene.ports, scene.settings);
  const [known, unknown] = [0, 7].map((task) => ({ run: runId, task, attempt: 1 }));
  await claims.claim([known, unknown] as { run: string; task: number; attempt: number }[], runnerA);
  scene.pass(scene.settings.wakeMs);
  expect(await sweepRuns(scene.own)).toMatchObject({ visited: 1, lost: 1, stuck: [] });
});
