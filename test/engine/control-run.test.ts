import { expect, test } from '@jest/globals';
import { controlRun } from '../../src/engine/control-run.ts';
import { fanOut } from '../../src/engine/fan-out.ts';
import type { Ports } from '../../src/ports/ports.ts';
import type { Item } from '../../src/ports/table.ts';
import { openScene, runId, runnerA, workOf } from '../support/scene.ts';

/** Ports that tell whether all that was put is durable: what is relaxed is so with the next put that is not. */
function watched(ports: Ports, onPut: (item: Item) => Promise<void>) {
  const state = { durable: true };
  const put: Ports['table']['put'] = async (item, condition) => {
    const result = await ports.table.put(item, condition);
    state.durable = true;
    await onPut(item);
    return result;
  };
  const putMany: Ports['table']['putMany'] = async (puts) => {
    const results = await ports.table.putMany(puts);
    state.durable = !puts.some(({ relaxed }) => relaxed);
    return results;
  };
  return { state, ports: { ...ports, table: { ...ports.table, put, putMany } } };
}

test.each(['pause', 'cancel'] as const)(
  'a %s that the feed was faster to decide is answered when that is durable',
  async (action) => {
    const scene = openScene();
    await scene.submit([workOf('a'), workOf('b', { rule: 'always' })]);
    await scene.fold();
    const { state, ports } = watched(scene.ports, async (item) => {
      if (item.sort.startsWith('CONTROL#')) await fanOut(decider, [item]);
    });
    const { decider } = scene.decider(ports);
    const name = runnerA;
    for (const times of ['first', 'again'])
      expect([
        times,
        (await controlRun(decider, runId, { action }, name)).state,
        state.durable,
      ]).toEqual([times, action === 'pause' ? 'paused' : 'cancelling', true]);
  },
);

test('a request that asks for what is so already is answered when that is durable', async () => {
  const scene = openScene();
  await scene.submit([workOf('a')]);
  await scene.fold();
  const { state, ports } = watched(scene.ports, async () => {});
  const { decider } = scene.decider(ports);
  const at = scene.ports.clock.now();
  const sort = `CONTROL#${runnerA}`;
  const item = { partition: `main/RUN#${runId}`, sort, version: 1, data: { action: 'pause', at } };
  await fanOut(decider, [item]);
  expect(state.durable).toBe(false);
  expect((await controlRun(decider, runId, { action: 'pause' })).state).toBe('paused');
  expect(state.durable).toBe(true);
});

test('after a restart a META that comes by the feed again is not believed, and what is asked for is done', async () => {
  const scene = openScene({ soleDecider: true });
  await scene.submit([workOf('a')]);
  const [meta] = scene.inserted();
  await fanOut(scene.own, [meta as Item]);
  await controlRun(scene.own, runId, { action: 'pause' });
  const { decider } = scene.decider();
  await fanOut(decider, [meta as Item]);
  expect((await decider.runs.load(runId))?.meta.state).toBe('paused');
  expect((await controlRun(decider, runId, { action: 'resume' })).state).toBe('running');
  expect(await scene.state()).toBe('running');
});
