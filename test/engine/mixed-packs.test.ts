import { afterEach, expect, test } from '@jest/globals';
import { isEnded } from '../../src/contract/state.ts';
import { fromData, type PackData, runPartition, sourceKey } from '../../src/engine/items.ts';
import { sweepRunners, sweepRuns } from '../../src/engine/sweep.ts';
import type { Behaviour } from '../support/fake-executor.ts';
import { type Home, openHome, workflowOf } from '../support/home.ts';
import { openScene, runId, runnerA, workOf } from '../support/scene.ts';

let home: Home | undefined;
afterEach(async () => {
  await home?.close();
  home = undefined;
});

const isMixed = ({ sort }: { sort: string }): boolean => sort.startsWith('MIX#');
const once = workflowOf([{ id: 'a', delivery: 'at-most-once' }]);
const count = 3;

/** Ends as many attempts together, so that one pack has the reports of all; another task never ends. */
function together(): Behaviour {
  let started = 0;
  let end: () => void = () => undefined;
  const all = new Promise<void>((resolve) => {
    end = resolve;
  });
  return ({ task }) => {
    if (task !== 'a') return 'never';
    if (++started === count) end();
    return all.then(() => ({}));
  };
}

/** Runs whose only attempts were reported in one mixed pack, of which the feed has lost the record. */
async function reportedInVain(open: Home): Promise<readonly string[]> {
  const { ids } = await open.engine.submitMany({
    workflow: once,
    runs: Array.from({ length: count }, () => ({})),
  });
  const partition = `main/RUNNER#${open.runner}`;
  for (;;) {
    const { items } = await open.ports.table.query({ partition });
    const told = items.flatMap(({ data }) => fromData<PackData>(data).reports);
    if (told.length === count) return ids;
    await open.ports.clock.sleep(5);
  }
}

async function expectAllWell({ engine, ports }: Home, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    expect((await engine.run(id)).state).toBe('succeeded');
    const { items } = await ports.table.query({ partition: runPartition('main', id) });
    expect(items.filter(({ sort }) => sort.startsWith('LOST#'))).toEqual([]);
  }
}

test('a sweep finds what a living runner reported in a mixed pack, without its feed record', async () => {
  const times = { leaseMs: 100, heartbeatMs: 20, skewMs: 50 };
  // It goes on to beat, for it holds something else.
  home = openHome(together(), times, 1000, isMixed);
  await home.engine.submit({ workflow: workflowOf([{ id: 'busy' }]) });
  const ids = await reportedInVain(home);
  for (const id of ids) {
    while (!isEnded((await home.engine.run(id)).state)) {
      await home.ports.clock.sleep(20);
      await sweepRuns(home.decider, true);
    }
  }
  await expectAllWell(home, ids);
});

test('a sweep finds what a runner that is gone reported in a mixed pack, without its feed record', async () => {
  home = openHome(together(), {}, 1000, isMixed);
  const ids = await reportedInVain(home);
  await home.agent.close();
  // What its last heartbeat lists, then what it claimed after that.
  expect(await sweepRunners(home.decider, true)).toBe(0);
  expect(await sweepRuns(home.decider, true)).toMatchObject({ lost: 0, stuck: [] });
  await expectAllWell(home, ids);
});

test('what a mixed pack that a report rests on says of another run is not taken for this one’s', async () => {
  const scene = openScene();
  const chain = [workOf('a'), workOf('b', { needs: ['a'] }), workOf('c', { needs: ['b'] })];
  await scene.submit(chain);
  await scene.fold();
  await scene.drain();
  const pack = `MIX#${runnerA}#00000000`;
  const done = { attempt: 1, outcome: 'succeeded', startedAt: 1, endedAt: 2 };
  const other = `${runId.slice(0, -1)}1`;
  const reports = [
    { ...done, run: runId, task: 0, continued: { task: 1, attempt: 1 } },
    { ...done, run: other, task: 2 },
  ];
  const { namespace, wakeMs } = scene.settings;
  const data = { owner: runnerA, at: 2, reports };
  const key = sourceKey(namespace, runId, pack);
  await scene.ports.table.put({ ...key, version: 1, data }, 'absent');
  await scene.report({ task: 1, after: { task: 0, attempt: 1, pack } });
  scene.pass(wakeMs);
  expect(await sweepRuns(scene.own)).toMatchObject({ visited: 1, stuck: [] });
  expect(new Set(await scene.drain())).toEqual(new Set(['c@1']));
});
