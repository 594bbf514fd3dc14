import { expect, test } from '@jest/globals';
import { scaleQueue, tickMs } from '../../src/engine/scale-ticks.ts';
import { wakingQueue } from '../../src/engine/waking-queue.ts';
import { openScene } from '../support/scene.ts';

const message = (queue: string) => ({ queue, body: {} });

function open(pools: readonly string[]) {
  const { ports, pass } = openScene();
  const queue = wakingQueue(ports.queue, ports.clock, pools);
  const wakes = async () => (await ports.queue.depth(scaleQueue)).waiting;
  return { queue, pass, wakes };
}

test('capacity is decided at once when a pool gets work that does not size itself', async () => {
  const { queue, wakes } = open(['slow']);
  await queue.send([message('tasks-default')]);
  expect(await wakes()).toBe(0);
  await queue.send([message('tasks-default'), message('tasks-slow')]);
  expect(await wakes()).toBe(1);
});

test('it is not asked for more often than it is decided anyway, but once more after the last', async () => {
  const { queue, pass, wakes } = open(['slow']);
  for (let n = 0; n < 10; n++) await queue.send([message('tasks-slow')]);
  expect(await wakes()).toBe(1);
  // What was decided at the first has not seen the others.
  pass(tickMs);
  expect(await wakes()).toBe(2);
  pass(10 * tickMs);
  expect(await wakes()).toBe(2);
  await queue.send([message('tasks-slow')]);
  expect(await wakes()).toBe(3);
});

test('where all pools size themselves nobody is woken', async () => {
  const { queue, wakes } = open([]);
  await queue.send([message('tasks-slow')]);
  expect(await wakes()).toBe(0);
});
