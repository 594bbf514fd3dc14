import { describe, expect, jest, test } from '@jest/globals';
import { controlRun } from '../../src/engine/control-run.ts';
import { fanOut } from '../../src/engine/fan-out.ts';
import { submitMany } from '../../src/engine/submit.ts';
import { type Put, type PutResult, Unavailable } from '../../src/ports/table.ts';
import { canonical, openScene, runnerA, type Scene, workOf } from '../support/scene.ts';

const ids = ['A', 'B', 'C'].map((end) => `01JG000000000000000000000${end}`);
const [first = '', second = ''] = ids;

/** Runs of two tasks that have begun, of whose first tasks a pack reports the end. */
async function reported(soleDecider: boolean) {
  const scene = openScene({ soleDecider });
  const { ports, settings, own } = scene;
  const archive = { meta: async () => undefined };
  const submitter = { ports, settings, specs: scene.specs, runs: own.runs, canonical, archive };
  const workflow = { name: 'w', tasks: [workOf('a'), workOf('b', { needs: ['a'] })] };
  await submitMany(submitter, { workflow, runs: ids.map((id) => ({ id })) });
  await scene.fold();
  await scene.drain();
  await report(scene, 0);
  return scene;
}

let packs = 0;
async function report({ ports }: Scene, task: number): Promise<void> {
  const at = ports.clock.now();
  const times = { startedAt: at, endedAt: at };
  const reports = ids.map((run) => ({ run, task, attempt: 1, outcome: 'succeeded', ...times }));
  const sort = `MIX#${runnerA}#${String(packs++).padStart(8, '0')}`;
  const data = { owner: runnerA, at, reports };
  await ports.table.put({ partition: `main/RUNNER#${runnerA}`, sort, version: 1, data }, 'absent');
}

const statesOf = async ({ ports }: Scene): Promise<unknown[]> => {
  const keys = ids.map((id) => ({ partition: `main/RUN#${id}`, sort: 'META' }));
  return (await ports.table.getMany(keys)).map((item) => item?.data.state);
};
const succeeded = ids.map(() => 'succeeded');
const metasIn = (puts: readonly Put[]): number =>
  puts.filter(({ item }) => item.sort === 'META').length;

describe.each([true, false])('with a sole decider: %s', (sole) => {
  test('runs that go on together are saved together', async () => {
    const scene = await reported(sole);
    const putMany = jest.spyOn(scene.ports.table, 'putMany');
    await scene.fold();
    expect(await scene.drain()).toEqual(['b@1', 'b@1', 'b@1']);
    await report(scene, 1);
    await scene.fold();
    expect(putMany.mock.calls.map(([puts]) => metasIn(puts))).toEqual([3, 3]);
    expect(await statesOf(scene)).toEqual(succeeded);
  });

  test('a save that is answered by silence, applied in part, is made good by each run alone', async () => {
    const scene = await reported(sole);
    const { putMany } = scene.ports.table;
    jest.spyOn(scene.ports.table, 'putMany').mockImplementationOnce(async (puts) => {
      await putMany(puts.slice(0, 1));
      throw new Unavailable('no answer');
    });
    await scene.fold();
    expect(await scene.drain()).toEqual(['b@1', 'b@1', 'b@1']);
    await report(scene, 1);
    await scene.fold();
    expect(await statesOf(scene)).toEqual(succeeded);
  });
});

test('a run that another decider changed is decided anew, and the others are not', async () => {
  const scene = await reported(false);
  const pack = scene.inserted();
  await controlRun(scene.decider().decider, first, { action: 'cancel' });
  await fanOut(scene.own, pack);
  expect(await scene.drain()).toEqual(['b@1', 'b@1']);
  expect(await statesOf(scene)).toEqual(['cancelled', 'running', 'running']);
});

test('what is asked of a run that is being saved waits until it is', async () => {
  const scene = await reported(true);
  const { putMany } = scene.ports.table;
  let cancel: Promise<unknown> | undefined;
  const spy = jest.spyOn(scene.ports.table, 'putMany');
  spy.mockImplementationOnce(async (puts) => {
    cancel = controlRun(scene.own, second, { action: 'cancel' });
    for (let i = 0; i < 50; i++) await Promise.resolve();
    return putMany(puts);
  });
  await fanOut(scene.own, scene.inserted());
  await cancel;
  await scene.fold();
  expect(await statesOf(scene)).toEqual(['running', 'cancelled', 'running']);
  const results = (
    await Promise.all(spy.mock.results.map(({ value }) => value as Promise<readonly PutResult[]>))
  ).flat();
  expect(results.filter(({ done }) => !done)).toEqual([]);
});
