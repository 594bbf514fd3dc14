import { afterEach, expect, test } from '@jest/globals';
import { Problem } from '../../src/contract/problem.ts';
import { fanOut } from '../../src/engine/fan-out.ts';
import { runPartition } from '../../src/engine/items.ts';
import { createStuckRuns } from '../../src/engine/stuck-runs.ts';
import { sweepRunners, sweepRuns } from '../../src/engine/sweep.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { type Item, Unavailable } from '../../src/ports/table.ts';
import { type Home, openHome, workflowOf } from '../support/home.ts';
import { openScene, runId, runnerA, runnerB, type Scene, workOf } from '../support/scene.ts';

let home: Home | undefined;
afterEach(async () => {
  await home?.close();
  home = undefined;
});

test('a run is news once, until it is stuck for another reason, or was well in between', () => {
  const runs = createStuckRuns();
  const found = [{ run: 'r', error: new Error('torn') }];
  expect(runs.note(found)).toEqual(found);
  expect(runs.note(found)).toEqual([]);
  expect(runs.why('r')).toBe('torn');
  expect(runs.note([{ run: 'r', error: 'worse' }])).toHaveLength(1);
  runs.forget('r');
  expect(runs.why('r')).toBeUndefined();
  expect(runs.note(found)).toEqual(found);
});

test('a run’s view says why it is stuck', async () => {
  home = openHome(() => ({}));
  const { run } = await home.engine.submit({ workflow: workflowOf([{ id: 'a' }]) });
  expect(await home.ended(run.id)).not.toHaveProperty('stuck');
  home.decider.stuck.note([{ run: run.id, error: new Error('a record means nothing') }]);
  expect((await home.engine.run(run.id)).stuck).toBe('a record means nothing');
});

const nonsense = { parent: 0, attempt: 1, at: 0, made: { kind: 'tasks', requests: null } };

/** A record that only a fold finds to mean nothing, and that can be looked at a hundred times. */
function spoiled(): Item {
  let looks = 0;
  const data = {
    ...nonsense,
    get made() {
      if (++looks > 100) throw new Unavailable('it is looked at on and on');
      return nonsense.made;
    },
  };
  return { partition: runPartition('main', runId), sort: 'SPAWN#nonsense', version: 1, data };
}

/** A decider that gives up when it does not come to an end. */
function hasty({ ports, decider }: Scene) {
  let reads = 0;
  const get: Ports['table']['get'] = async (key) => {
    if (++reads > 100) throw new Unavailable('it reads on and on');
    return ports.table.get(key);
  };
  return decider({ ...ports, table: { ...ports.table, get } }).decider;
}

test('a record that can’t be folded comes with a new run: the run begins all the same', async () => {
  const scene = openScene();
  await scene.submit([workOf('a')]);
  const found = await fanOut(scene.own, [...scene.inserted(), spoiled()]);
  expect(found).toMatchObject([{ run: runId }]);
  expect(new Set(await scene.drain())).toEqual(new Set(['a@1']));
});

test('a record that can’t be folded lies in a run that is visited: all else of it is folded', async () => {
  const scene = openScene();
  await scene.submit([workOf('a'), workOf('b', { needs: ['c'] }), workOf('c')]);
  await scene.fold();
  await scene.drain();
  await scene.ports.table.put({ ...spoiled(), data: nonsense }, 'absent');
  await scene.report({ task: 1 });
  scene.pass(10 * 60_000);
  const { visited, stuck } = await sweepRuns(hasty(scene));
  expect([visited, stuck]).toMatchObject([1, [{ run: runId }]]);
  expect(new Set(await scene.drain())).toEqual(new Set(['a@1', 'b@1']));
});

test('a run that cannot be read is no reason not to see that runners are gone', async () => {
  const scene = openScene();
  await scene.submit([workOf('a'), workOf('b')]);
  await scene.fold();
  await scene.beat(runnerA, [[0, 1]]);
  await scene.beat(runnerB, [[1, 1]]);
  scene.inserted();
  scene.pass(3_600_000);
  const get = async () => {
    throw new Problem('data-damaged', 'the blob is damaged');
  };
  const blind = scene.decider({ ...scene.ports, blobs: { ...scene.ports.blobs, get } });
  expect(await sweepRunners(blind.decider)).toBe(2);
  expect(await sweepRunners(blind.decider)).toBe(0);
  expect(scene.inserted().map(({ sort }) => sort.slice(0, 5))).toEqual(['LOST#', 'LOST#']);
});
