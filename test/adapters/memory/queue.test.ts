import { expect, test } from '@jest/globals';
import { memoryQueue } from '../../../src/adapters/memory/queue.ts';
import { calmQueue, type QueueLuck, QueueStore } from '../../../src/adapters/memory/queue-store.ts';
import { TimeHeap } from '../../../src/adapters/memory/time-heap.ts';

function queueWith(luck: Partial<QueueLuck> = {}, receivesMax = 5) {
  const timers = new TimeHeap<() => void>();
  const host = {
    time: 0,
    now: () => host.time,
    after: (ms: number, call: () => void) => timers.push(host.time + ms, call),
    pass(ms: number) {
      const end = host.time + ms;
      while (timers.nextAt <= end) {
        host.time = timers.nextAt;
        timers.pop()?.();
      }
      host.time = end;
    },
  };
  const queue = memoryQueue(new QueueStore(host, { ...calmQueue, ...luck }, receivesMax), host);
  const take = (max = 10, visibilityMs = 100, waitMs = 0) =>
    queue.take({ queues: ['q'], max, waitMs, visibilityMs });
  const numbers = async (...args: Parameters<typeof take>) =>
    (await take(...args)).map(({ body }) => body.n);
  const send = (...ns: number[]) => queue.send(ns.map((n) => ({ queue: 'q', body: { n } })));
  return { queue, host, take, numbers, send };
}

test('a message that was taken is hidden until its visibility ends, unless it is removed', async () => {
  const { queue, host, take, numbers, send } = queueWith();
  await send(1, 2);
  const [first, second] = await take();
  expect(await numbers()).toEqual([]);
  expect(await queue.depth('q')).toEqual({ waiting: 0, inFlight: 2 });
  await queue.remove([first?.receipt as string]);
  host.pass(99);
  await queue.extend([second?.receipt as string], 50);
  host.pass(49);
  expect(await numbers()).toEqual([]);
  host.pass(1);
  expect(await take()).toMatchObject([{ body: { n: 2 }, receiveCount: 2 }]);
});

test('an old receipt does nothing', async () => {
  const { queue, host, take, numbers, send } = queueWith();
  await send(1);
  const [old] = await take();
  host.pass(100);
  const [now] = await take();
  await queue.remove([old?.receipt as string]);
  await queue.extend([old?.receipt as string], 10_000);
  host.pass(100);
  expect(await numbers()).toEqual([1]);
  await queue.remove([now?.receipt as string]);
  expect(await queue.depth('q')).toEqual({ waiting: 0, inFlight: 1 });
});

test('a message that was received too often lies in the queue of the dead, with where it came from', async () => {
  const { queue, host, take, send } = queueWith({}, 2);
  await send(7);
  for (const _ of [1, 2, 3]) {
    await take();
    host.pass(100);
  }
  const dead = await queue.take({ queues: ['dead'], max: 1, waitMs: 0, visibilityMs: 1 });
  expect(dead).toMatchObject([{ queue: 'dead', body: { from: 'q', body: { n: 7 } } }]);
});

test('a delayed message can be taken when its time has come, and counts as waiting only then', async () => {
  const { queue, host, numbers } = queueWith();
  await queue.send([{ queue: 'q', body: { n: 1 }, delayMs: 500 }]);
  expect(await queue.depth('q')).toEqual({ waiting: 0, inFlight: 0 });
  host.pass(499);
  expect(await numbers()).toEqual([]);
  host.pass(1);
  expect(await numbers()).toEqual([1]);
  await expect(queue.send([{ queue: 'q', body: {}, delayMs: 900_001 }])).rejects.toThrow();
});

test('queues are served in the order in which they are asked', async () => {
  const { queue } = queueWith();
  await queue.send(['low', 'high', 'low'].map((name) => ({ queue: name, body: { name } })));
  const options = { queues: ['high', 'low'], max: 2, waitMs: 0, visibilityMs: 1 };
  const taken = await queue.take(options);
  expect(taken.map(({ body }) => body.name)).toEqual(['high', 'low']);
});

test('who waits gets a message as soon as one can be taken, and only one waiter is woken', async () => {
  const { host, numbers, send } = queueWith();
  const [first, second] = [numbers(1, 100, 60_000), numbers(1, 100, 60_000)];
  await Promise.resolve();
  await send(5);
  host.pass(0);
  expect(await Promise.race([first, second])).toEqual([5]);
  await send(6);
  host.pass(0);
  expect((await Promise.all([first, second])).flat()).toEqual([5, 6]);
});

test.each([
  ['doubled', { doubled: () => true }, [1, 1]],
  ['shuffled', { pick: (count: number) => count - 1 }, [2, 1]],
  ['lost', { loses: () => true }, []],
] as readonly (readonly [string, Partial<QueueLuck>, readonly number[]])[])(
  'a queue can have messages %s',
  async (_what, luck, want) => {
    const { numbers, send } = queueWith(luck);
    await send(1);
    if (want.length > 1 && want[0] === 2) await send(2);
    expect(await numbers(2)).toEqual(want);
  },
);

test('a removed message can come again', async () => {
  const { queue, host, take, numbers, send } = queueWith({ keepsRemoved: () => true });
  await send(1);
  await queue.remove((await take()).map(({ receipt }) => receipt));
  host.pass(100);
  expect(await numbers()).toEqual([1]);
});
