import type { Clock } from '../ports/clock.ts';
import type { Queue } from '../ports/queue.ts';
import { queueOf } from './dispatch.ts';
import { scaleQueue, tickMs } from './scale-ticks.ts';

/**
 * Has capacity decided at once when tasks are sent to one of the pools: a pool without runners is else looked at once a
 * minute. Not more often than capacity is decided anyway.
 */
export function wakingQueue(
  queue: Queue,
  clock: Pick<Clock, 'now'>,
  pools: readonly string[],
): Queue {
  if (pools.length === 0) return queue;
  const queues = new Set(pools.map(queueOf));
  let wokenAt = Number.NEGATIVE_INFINITY;
  return {
    async send(messages) {
      const wakes =
        messages.some((one) => queues.has(one.queue)) && clock.now() >= wokenAt + tickMs;
      if (wakes) wokenAt = clock.now();
      // After them, or it would find nothing.
      await queue.send(messages);
      if (wakes) await queue.send([{ queue: scaleQueue, body: {} }]);
    },
    take: (options) => queue.take(options),
    extend: (receipts, visibilityMs) => queue.extend(receipts, visibilityMs),
    remove: (receipts) => queue.remove(receipts),
    depth: (name) => queue.depth(name),
  };
}
