import { afterEach, expect, test } from '@jest/globals';
import {
  allShards,
  fromData,
  type HeartbeatData,
  heartbeatPartition,
} from '../../src/engine/items.ts';
import { defaultSettings } from '../../src/engine/settings.ts';
import { type Home, openHome, workflowOf } from '../support/home.ts';

let home: Home | undefined;
afterEach(async () => {
  await home?.close();
  home = undefined;
});

/** What all runners say that they hold; undefined while none has said anything. */
async function heldBy({ ports }: Home): Promise<readonly unknown[] | undefined> {
  const pages = await Promise.all(
    allShards(defaultSettings).map((shard) =>
      ports.table.query({ partition: heartbeatPartition(defaultSettings.namespace, shard) }),
    ),
  );
  const beats = pages.flatMap(({ items }) => items);
  if (beats.length === 0) return undefined;
  return beats.flatMap(({ data }) => fromData<HeartbeatData>(data).holds);
}

test('a runner that has reported all says so once more', async () => {
  home = openHome(() => ({}), { heartbeatMs: 20 });
  const { run } = await home.engine.submit({ workflow: workflowOf([{ id: 'a' }]) });
  expect((await home.ended(run.id)).state).toBe('succeeded');
  while ((await heldBy(home))?.length !== 0) await home.ports.clock.sleep(5);
});

test('a runner with room for more than a heartbeat can list holds no more than that', async () => {
  home = openHome(() => 'never', { heartbeatMs: 20 }, 20_000);
  await home.engine.submit({
    workflow: workflowOf(Array.from({ length: 9000 }, (_, n) => ({ id: `t${n}` }))),
  });
  while (home.errors.length === 0 && ((await heldBy(home))?.length ?? 0) < 4000)
    await home.ports.clock.sleep(20);
  expect(home.errors).toEqual([]);
  expect(home.agent.held().length).toBeLessThanOrEqual(4096);
});
