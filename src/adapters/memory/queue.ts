import {
  delayMsMax,
  type Outgoing,
  type Queue,
  type Taken,
  type TakeOptions,
} from '../../ports/queue.ts';
import { frozenJson } from './frozen.ts';
import { type Gate, openGate } from './gate.ts';
import type { Host } from './host.ts';
import type { QueueStore } from './queue-store.ts';

/** One caller's way to the queues. */
export function memoryQueue(store: QueueStore, host: Host, gate: Gate = openGate): Queue {
  return {
    async send(messages) {
      const copies = messages.map(checked);
      const apply = (n: number) => store.send(copies[n] as Outgoing);
      await gate.passEach('queue.send', copies.length, apply, copies);
    },
    take: (options) => take(store, host, gate, options),
    async extend(receipts, visibilityMs) {
      await gate.passEach(
        'queue.extend',
        receipts.length,
        (n) => store.extend(receipts[n] as string, visibilityMs),
        receipts,
      );
    },
    async remove(receipts) {
      await gate.passEach(
        'queue.remove',
        receipts.length,
        (n) => store.remove(receipts[n] as string),
        receipts,
      );
    },
    depth: (queue) => gate.pass('queue.depth', () => store.depth(queue), queue),
  };
}

function checked(message: Outgoing): Outgoing {
  const delayMs = message.delayMs ?? 0;
  if (!(delayMs >= 0 && delayMs <= delayMsMax))
    throw new RangeError(`a message cannot wait ${delayMs} ms`);
  return { queue: message.queue, body: frozenJson(message.body), delayMs };
}

async function take(
  store: QueueStore,
  host: Host,
  gate: Gate,
  { queues, max, waitMs, visibilityMs }: TakeOptions,
): Promise<readonly Taken[]> {
  const until = host.now() + waitMs;
  for (;;) {
    const apply = () => store.take(queues, max, visibilityMs);
    const taken = await gate.pass('queue.take', apply, queues);
    const left = until - host.now();
    if (taken.length > 0 || left <= 0) return taken;
    await gate.wait(left, (wake) => store.listen(queues, wake));
  }
}
