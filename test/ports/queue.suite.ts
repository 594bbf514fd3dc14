import { randomBytes, randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../src/contract/json.ts';
import type { Queue, Taken } from '../../src/ports/queue.ts';
import { until } from './until.ts';

export interface QueueSubject {
  readonly queue: Queue;
  /** How often a message is delivered before it goes to the dead letters. */
  readonly receivesMax: number;
  /** Lets so much time pass, for the queue at least. */
  wait(ms: number): Promise<void>;
  close?(): Promise<void>;
}

const SECOND = 1000;

/** Holds an adapter to the promises of `Queue`, in whole seconds: some services know nothing finer. */
export function testQueue(name: string, make: () => Promise<QueueSubject>): void {
  describe(`${name} keeps the promises of a queue:`, () => {
    let subject: QueueSubject;
    let queue: Queue;
    let q: string;
    beforeEach(async () => {
      subject = await make();
      queue = subject.queue;
      q = `test-${randomUUID()}`;
    });
    afterEach(async () => subject.close?.());

    const send = (body: JsonObject, delayMs = 0, to = q) =>
      queue.send([{ queue: to, body, ...(delayMs > 0 && { delayMs }) }]);
    const take = (max = 10, visibilityMs = 30 * SECOND, queues = [q]) =>
      queue.take({ queues, max, waitMs: 0, visibilityMs });
    /** What is sent may take a moment to be seen. */
    const takeOne = async (visibilityMs?: number, queues?: string[]): Promise<Taken> => {
      let taken: readonly Taken[] = [];
      await until('a message comes', async () => {
        taken = await take(1, visibilityMs, queues);
        return taken.length > 0;
      });
      return taken[0] as Taken;
    };
    const takeAll = async (count: number, visibilityMs?: number): Promise<Taken[]> => {
      const all: Taken[] = [];
      await until(`${count} messages come`, async () => {
        all.push(...(await take(10, visibilityMs)));
        return all.length >= count;
      });
      return all;
    };

    test('a body of some megabytes is taken as it was sent', async () => {
      const body = { text: randomBytes(1024 * 1024).toString('hex') };
      await send(body);
      expect((await takeOne()).body).toEqual(body);
    });

    test('a message is taken as it was sent, for the first time', async () => {
      const before = Date.now();
      const body = { a: [1, 'ü', null], __proto: { x: true } };
      await send(body);
      const taken = await takeOne();
      expect([taken.queue, taken.body, taken.receiveCount]).toEqual([q, body, 1]);
      expect(typeof taken.sentAt).toBe('number');
      expect(before).toBeGreaterThan(0);
      expect(await take()).toEqual([]);
    });

    test('many are taken once each, never more at a time than asked', async () => {
      await queue.send(Array.from({ length: 57 }, (_, n) => ({ queue: q, body: { n } })));
      const all: Taken[] = [];
      await until('all come', async () => {
        const some = await take(10);
        expect(some.length).toBeLessThanOrEqual(10);
        all.push(...some);
        return all.length >= 57;
      });
      const numbers = all.map(({ body }) => body.n as number).sort((a, b) => a - b);
      expect(numbers).toEqual(Array.from({ length: 57 }, (_, n) => n));
      expect(new Set(all.map(({ receipt }) => receipt)).size).toBe(57);
    });

    test('queues are asked in the order given, and others not at all', async () => {
      await send({ n: 1 }, 0, `${q}-low`);
      await send({ n: 2 }, 0, `${q}-high`);
      await send({ n: 3 }, 0, `${q}-other`);
      const order = [`${q}-high`, `${q}-low`];
      expect((await takeOne(undefined, order)).body).toEqual({ n: 2 });
      expect((await takeOne(undefined, order)).body).toEqual({ n: 1 });
      expect(await take(10, SECOND, order)).toEqual([]);
      expect(await take(10, SECOND, [`${q}-none`])).toEqual([]);
    });

    test('a message that is not removed in time comes again, counted, under a new receipt', async () => {
      await send({ n: 1 });
      const first = await takeOne(2 * SECOND);
      await subject.wait(SECOND);
      expect(await take()).toEqual([]);
      await subject.wait(1.2 * SECOND);
      const second = await takeOne();
      expect([second.body, second.receiveCount]).toEqual([{ n: 1 }, 2]);
      expect(second.receipt).not.toBe(first.receipt);
      expect(second.sentAt).toBe(first.sentAt);
    });

    test('a message that is removed does not come again', async () => {
      await send({ n: 1 });
      const { receipt } = await takeOne(SECOND);
      await queue.remove([receipt]);
      await subject.wait(1.5 * SECOND);
      expect(await take()).toEqual([]);
    });

    test('an old receipt removes and extends nothing, and says nothing', async () => {
      await send({ n: 1 });
      const first = await takeOne(SECOND);
      await subject.wait(1.2 * SECOND);
      const second = await takeOne(2 * SECOND);
      await queue.remove([first.receipt]);
      await queue.extend([first.receipt], 600 * SECOND);
      await subject.wait(2.2 * SECOND);
      const third = await takeOne();
      expect(third.receiveCount).toBe(3);
      await queue.remove([third.receipt, second.receipt]);
      await queue.remove([third.receipt]);
      await queue.extend([third.receipt], SECOND);
      await subject.wait(1.2 * SECOND);
      expect(await take()).toEqual([]);
    });

    test('to extend a message keeps it away from others for longer, or gives it back', async () => {
      await send({ n: 1 });
      const first = await takeOne(2 * SECOND);
      await subject.wait(SECOND);
      await queue.extend([first.receipt], 4 * SECOND);
      await subject.wait(2 * SECOND);
      expect(await take()).toEqual([]);
      await queue.extend([first.receipt], 0);
      const second = await takeOne();
      expect(second.receiveCount).toBe(2);
    });

    test('a delayed message comes after its delay, not before', async () => {
      await send({ n: 1 }, 3 * SECOND);
      await send({ n: 2 }, SECOND);
      await send({ n: 3 });
      expect((await takeOne()).body).toEqual({ n: 3 });
      expect(await take()).toEqual([]);
      await subject.wait(1.2 * SECOND);
      expect((await takeOne()).body).toEqual({ n: 2 });
      expect(await take()).toEqual([]);
      await subject.wait(2 * SECOND);
      expect((await takeOne()).body).toEqual({ n: 1 });
    });

    test('who waits gets the message as soon as it is sent', async () => {
      const waiting = queue.take({
        queues: [`${q}-a`, q],
        max: 5,
        waitMs: 10 * SECOND,
        visibilityMs: SECOND,
      });
      await send({ n: 1 });
      expect((await waiting).map(({ body }) => body)).toEqual([{ n: 1 }]);
    });

    test('who waits gets a delayed message and one that comes again', async () => {
      await send({ n: 1 }, SECOND);
      const waiting = queue.take({
        queues: [q],
        max: 1,
        waitMs: 10 * SECOND,
        visibilityMs: SECOND,
      });
      await subject.wait(1.5 * SECOND);
      expect((await waiting)[0]?.receiveCount).toBe(1);
      const again = queue.take({ queues: [q], max: 1, waitMs: 10 * SECOND, visibilityMs: SECOND });
      await subject.wait(1.5 * SECOND);
      expect((await again)[0]?.receiveCount).toBe(2);
    });

    test('who waits in vain gets nothing when the time is up', async () => {
      const waiting = queue.take({ queues: [q], max: 1, waitMs: SECOND, visibilityMs: SECOND });
      await subject.wait(1.5 * SECOND);
      expect(await waiting).toEqual([]);
    });

    test('of many who wait each message reaches one', async () => {
      const takers = Array.from({ length: 5 }, () =>
        queue.take({ queues: [q], max: 1, waitMs: 2 * SECOND, visibilityMs: 60 * SECOND }),
      );
      await queue.send([1, 2, 3].map((n) => ({ queue: q, body: { n } })));
      await subject.wait(3 * SECOND);
      const taken = (await Promise.all(takers)).flat();
      expect(taken.map(({ body }) => body.n as number).sort()).toEqual([1, 2, 3]);
    });

    test('a message that is received too often becomes a dead letter, which says from where', async () => {
      await send({ n: 1, __proto: 2 });
      for (let count = 1; count <= subject.receivesMax; count++) {
        expect((await takeOne(SECOND)).receiveCount).toBe(count);
        await subject.wait(1.2 * SECOND);
      }
      expect(await take()).toEqual([]);
      let own: Taken | undefined;
      await until('the dead letter comes', async () => {
        const dead = await take(10, 60 * SECOND, ['dead']);
        own = dead.find(({ body }) => body.from === q);
        return own !== undefined;
      });
      expect(own?.body).toEqual({ from: q, body: { n: 1, __proto: 2 } });
      await queue.remove([own?.receipt as string]);
    });

    test('depth tells what waits and what is in flight, not what is delayed', async () => {
      const { settled } = depths(queue, q);
      await queue.send([1, 2, 3].map((n) => ({ queue: q, body: { n } })));
      await send({ n: 4 }, 600 * SECOND);
      await settled({ waiting: 3, inFlight: 0 });
      const [first] = await takeAll(3, 5 * SECOND);
      await settled({ waiting: 0, inFlight: 3 });
      await queue.remove([first?.receipt as string]);
      await settled({ waiting: 0, inFlight: 2 });
      await subject.wait(5.2 * SECOND);
      await settled({ waiting: 2, inFlight: 0 });
      expect(await queue.depth(`${q}-none`)).toEqual({ waiting: 0, inFlight: 0 });
    });
  });
}

function depths(queue: Queue, q: string) {
  return {
    settled: (want: { readonly waiting: number; readonly inFlight: number }) =>
      until(`depth is ${JSON.stringify(want)}`, async () => {
        const { waiting, inFlight } = await queue.depth(q);
        return waiting === want.waiting && inFlight === want.inFlight;
      }),
  };
}
