import { afterEach, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createQueue, type EmbeddedQueue } from '../../../src/adapters/embedded/queue.ts';
import type { Taken } from '../../../src/ports/queue.ts';
import { ManualClock } from './manual-clock.ts';

let clock: ManualClock;
let queue: EmbeddedQueue;
beforeEach(() => {
  clock = new ManualClock();
  queue = createQueue({ clock });
});
afterEach(() => queue.close());

const send = (n: number, delayMs = 0, to = 'q') =>
  queue.send([{ queue: to, body: { n }, delayMs }]);
const take = (max = 10, visibilityMs = 1000, waitMs = 0, queues = ['q']) =>
  queue.take({ queues, max, waitMs, visibilityMs });
const numbers = (taken: readonly Taken[]) => taken.map(({ body }) => body.n);

test('messages are taken in the order in which they were sent, and late ones by their time', async () => {
  for (let n = 0; n < 5; n++) await send(n, n % 2 === 0 ? 0 : 100 - n);
  expect(numbers(await take())).toEqual([0, 2, 4]);
  await clock.pass(100);
  expect(numbers(await take())).toEqual([3, 1]);
});

test('one timer at most, and none when nobody waits or all is closed', async () => {
  const waiting = Array.from({ length: 20 }, (_, n) => take(1, 1000, 500 + n, [`q${n % 3}`]));
  for (let n = 0; n < 10; n++) await send(n, 600 + n, `q${n % 3}`);
  await clock.pass(0);
  expect(clock.sleeping).toBe(1);
  await clock.pass(550);
  expect(clock.sleeping).toBe(0);
  expect((await Promise.all(waiting)).flat()).toEqual([]);
  const late = take(1, 1000, 500, ['none']);
  queue.close();
  expect(await late).toEqual([]);
  expect(clock.sleeping).toBe(0);
  expect(await take(1, 1000, 500)).toEqual([]);
});

test('a message can wait up to 15 minutes, and no longer', async () => {
  await send(1, 900_000);
  await expect(send(2, 900_001)).rejects.toThrow(RangeError);
  await expect(send(2, -1)).rejects.toThrow(RangeError);
  await clock.pass(899_999);
  expect(await take()).toEqual([]);
  await clock.pass(1);
  expect(numbers(await take())).toEqual([1]);
});

test('how often a message is delivered is a matter of its queue', async () => {
  const own = createQueue({ clock, receivesMax: (name) => (name === 'once' ? 1 : 3) });
  const deliver = async (name: string) => {
    let count = 0;
    await own.send([{ queue: name, body: { name } }]);
    for (;;) {
      const taken = await own.take({ queues: [name], max: 1, waitMs: 0, visibilityMs: 10 });
      if (taken.length === 0) return count;
      count++;
      await clock.pass(10);
    }
  };
  expect([await deliver('once'), await deliver('more')]).toEqual([1, 3]);
  const dead = await own.take({ queues: ['dead'], max: 10, waitMs: 0, visibilityMs: 10 });
  expect(dead.map(({ body }) => body.from)).toEqual(['once', 'more']);
  own.close();
});

test('dead letters never die', async () => {
  await send(1, 0, 'dead');
  for (let count = 1; count < 30; count++) {
    expect((await take(1, 10, 0, ['dead']))[0]?.receiveCount).toBe(count);
    await clock.pass(10);
  }
});

test('who waits for dead letters gets one as it dies', async () => {
  const waiting = take(1, 1000, 60_000, ['dead']);
  await send(1);
  for (let count = 0; count < 11; count++) {
    await take(1, 10);
    await clock.pass(10);
  }
  expect((await waiting)[0]?.body).toEqual({ from: 'q', body: { n: 1 } });
});

test('a receipt of another queue, of nonsense, or of a process before is nothing', async () => {
  await send(1);
  const [taken] = await take();
  const other = createQueue({ clock });
  await other.send([{ queue: 'q', body: { n: 2 } }]);
  await other.take({ queues: ['q'], max: 1, waitMs: 0, visibilityMs: 1000 });
  await other.remove([taken?.receipt as string, '', 'x', '1']);
  expect(await other.depth('q')).toEqual({ waiting: 0, inFlight: 1 });
  other.close();
});

/** A step that looks at all messages would take hours here. */
test('many thousands that are delayed and as many in flight are no burden', async () => {
  const many = 200_000;
  const batch = (at: number, delayMs: number) =>
    Array.from({ length: 1000 }, (_, n) => ({
      queue: 'q',
      body: { n },
      delayMs: delayMs === 0 ? 0 : delayMs + ((at + n) % 977),
    }));
  for (let at = 0; at < many; at += 1000) {
    await queue.send(batch(at, 5000));
    await queue.send(batch(at, 0));
  }
  const receipts: string[] = [];
  for (let at = 0; at < many; at += 1000)
    for (const { receipt } of await take(1000, 60_000)) receipts.push(receipt);
  expect(await queue.depth('q')).toEqual({ waiting: 0, inFlight: many });
  await queue.remove(receipts);
  await clock.pass(6000);
  expect(await queue.depth('q')).toEqual({ waiting: many, inFlight: 0 });
});

type Step =
  | { readonly kind: 'send'; readonly delayMs: number }
  | { readonly kind: 'take'; readonly max: number; readonly visibilityMs: number }
  | { readonly kind: 'remove' | 'extend'; readonly which: number }
  | { readonly kind: 'pass'; readonly ms: number };
const small = fc.integer({ min: 0, max: 20 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('send' as const), delayMs: small }),
  fc.record({
    kind: fc.constant('take' as const),
    max: fc.integer({ min: 1, max: 4 }),
    visibilityMs: small,
  }),
  fc.record({ kind: fc.constantFrom('remove' as const, 'extend' as const), which: fc.nat(30) }),
  fc.record({ kind: fc.constant('pass' as const), ms: small }),
);

/** What a queue is: messages, each with the time from when it can be taken. */
class Model {
  readonly messages = new Map<number, { visibleAt: number; receives: number; receipt: string }>();
  readonly receipts: string[] = [];
  sent = 0;

  current(receipt: string | undefined, now: number) {
    for (const [n, message] of this.messages)
      if (receipt !== undefined && message.receipt === receipt && message.visibleAt > now)
        return { n, message };
    return undefined;
  }

  /** How many messages can be taken. */
  due(now: number): number {
    return [...this.messages.values()].filter(({ visibleAt }) => visibleAt <= now).length;
  }
}

/**
 * Goal: whatever is sent, taken, extended, removed and waited for, a message is out with at most one taker at a time,
 * comes when it is due, and is gone when it was removed in time.
 * Method: draw steps, do them to the queue and to a model that is a map.
 */
test('a queue is a map of messages and the times from when they can be taken', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const own = createQueue({ clock, receivesMax: () => Number.POSITIVE_INFINITY });
      const model = new Model();
      for (const one of steps) await doBoth(one, own, model);
      const now = clock.now();
      const { waiting } = await own.depth('q');
      expect(waiting).toBe(model.due(now));
      own.close();
    }),
    { numRuns: 200 },
  );
});

async function doBoth(one: Step, own: EmbeddedQueue, model: Model): Promise<void> {
  const now = clock.now();
  if (one.kind === 'send') {
    const n = model.sent++;
    await own.send([{ queue: 'q', body: { n }, delayMs: one.delayMs }]);
    model.messages.set(n, { visibleAt: now + one.delayMs, receives: 0, receipt: '' });
  } else if (one.kind === 'take') {
    const want = Math.min(one.max, model.due(now));
    const { max, visibilityMs } = one;
    const taken = await own.take({ queues: ['q'], max, waitMs: 0, visibilityMs });
    expect(taken).toHaveLength(want);
    for (const got of taken) noteTaken(got, model, now, visibilityMs);
  } else if (one.kind === 'pass') await clock.pass(one.ms);
  else await useReceipt(one.kind, model.receipts[one.which] ?? 'none', own, model);
}

async function useReceipt(
  kind: 'remove' | 'extend',
  receipt: string,
  own: EmbeddedQueue,
  model: Model,
): Promise<void> {
  const now = clock.now();
  const current = model.current(receipt, now);
  if (kind === 'remove') {
    await own.remove([receipt]);
    if (current) model.messages.delete(current.n);
  } else {
    await own.extend([receipt], 13);
    if (current) current.message.visibleAt = now + 13;
  }
}

function noteTaken(got: Taken, model: Model, now: number, visibilityMs: number): void {
  const message = model.messages.get(got.body.n as number);
  expect(message?.visibleAt).toBeLessThanOrEqual(now);
  if (message === undefined) return;
  message.receives++;
  message.visibleAt = now + visibilityMs;
  message.receipt = got.receipt;
  model.receipts.push(got.receipt);
  expect(got.receiveCount).toBe(message.receives);
}
