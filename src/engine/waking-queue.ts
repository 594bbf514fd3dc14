import type { Clock } from '../ports/clock.ts';
import type { Queue } from '../ports/queue.ts';
import { queueOf } from './dispatch.ts';
import { scaleQueue, tickMs } from './scale-ticks.ts';

/**
 * Has capacity decided at once when tasks are sent to one of the pools: a pool without runners is else looked at once a
 * minute. Not more often than capacity is decided anyway, but always once more after the last of them: what was decided
 * before it has not seen it, and may have been the last tick.
 */
export function wakingQueue(
  queue: Queue,
  clock: Pick<Clock, 'now'>,
  pools: readonly string[],
): Queue {
  if (pools.length === 0) return queue;
  const queues = new Set(pools.map(queueOf));
  let wakesAt = Number.NEGATIVE_INFINITY;
  return {
    async send(messages) {
      await queue.send(messages);
      // After them, or it would find nothing.
      const now = clock.now();
      if (wakesAt > now || !messages.some((one) => queues.has(one.queue))) return;
      const delayMs = Math.max(0, wakesAt + tickMs - now);
      wakesAt = now + delayMs;
      await queue.send([{ queue: scaleQueue, body: {}, delayMs }]);
    },
    take: (options) => queue.take(options),
    extend: (receipts, visibilityMs) => queue.extend(receipts, visibilityMs),
    remove: (receipts) => queue.remove(receipts),
    depth: (name) => queue.depth(name),
  };
}
