import { SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, test } from '@jest/globals';
import { messageBytesMax } from '../../../src/adapters/aws/message-text.ts';
import { sqsQueue } from '../../../src/adapters/aws/queue.ts';
import { deployedQueues } from '../../../src/adapters/aws/queue-directory.ts';
import { batchesOf } from '../../../src/adapters/aws/sends.ts';
import { BlobStore, memoryBlobs } from '../../../src/adapters/memory/blobs.ts';
import { delayMsMax } from '../../../src/ports/queue.ts';
import { Unavailable } from '../../../src/ports/table.ts';
import { type Answer, nowhere, quickPatience, stub, throttled } from '../../support/aws-stub.ts';
import { ManualClock } from '../embedded/manual-clock.ts';

const urls = { q: 'http://x/1/q', dead: 'http://x/1/dead' };

function queueWith(answer: Answer) {
  const { client, calls } = stub(new SQSClient(nowhere), answer);
  const clock = new ManualClock();
  const troubles: unknown[] = [];
  const queue = sqsQueue({
    client,
    clock,
    patience: { ...quickPatience(), triesMax: 4 },
    directory: deployedQueues(urls),
    blobs: memoryBlobs(new BlobStore()),
    onTrouble: (error) => troubles.push(error),
  });
  return { queue, calls, clock, troubles };
}

type Entries = { readonly Entries: { readonly Id: string; readonly MessageBody: string }[] };
const bodies = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ queue: 'q', body: { n } }));
const fail = (Id: string, SenderFault = false) => ({ Id, SenderFault, Code: 'InternalError' });

describe('sending', () => {
  test('goes in tens; what failed of a batch is sent again, and nothing else', async () => {
    const sent: string[] = [];
    const { queue, calls } = queueWith((_command, { Entries }: Entries, call) => {
      const failed = call <= 2 ? Entries.filter((_, i) => i % 3 === 0) : [];
      sent.push(...Entries.filter((one) => !failed.includes(one)).map((one) => one.MessageBody));
      return { Failed: failed.map(({ Id }) => fail(Id)) };
    });
    await queue.send(bodies(25));
    expect(sent.sort()).toEqual(
      bodies(25)
        .map(({ body }) => JSON.stringify(body))
        .sort(),
    );
    expect(calls.length).toBe(5);
  });

  test('that goes on to fail is unavailable', async () => {
    const { queue } = queueWith((_command, { Entries }: Entries) => ({
      Failed: Entries.slice(0, 1).map(({ Id }) => fail(Id)),
    }));
    await expect(queue.send(bodies(3))).rejects.toThrow(Unavailable);
  });

  test('what SQS finds wrong is told, and not tried again', async () => {
    const { queue, calls } = queueWith(() => ({ Failed: [fail('0', true)] }));
    await expect(queue.send(bodies(1))).rejects.toThrow(/refuses 1 messages/);
    expect(calls).toHaveLength(1);
  });

  test('to a pool that is not deployed is refused by name', async () => {
    const { queue } = queueWith(() => ({}));
    await expect(queue.send([{ queue: 'tasks-gpu', body: {} }])).rejects.toThrow('tasks-gpu');
  });

  test('waits no longer than a queue can', async () => {
    const { queue } = queueWith(() => ({}));
    const late = { queue: 'q', body: {}, delayMs: delayMsMax + 1 };
    await expect(queue.send([late])).rejects.toThrow(RangeError);
  });

  test('waits whole seconds, never too few', async () => {
    const { queue, calls } = queueWith(() => ({}));
    await queue.send(
      [1, 1000, 1001, delayMsMax].map((delayMs) => ({ queue: 'q', body: {}, delayMs })),
    );
    const entries: { DelaySeconds: number }[] = calls[0]?.input.Entries;
    expect(entries.map(({ DelaySeconds }) => DelaySeconds)).toEqual([1, 1, 2, 900]);
  });

  test('batches keep below what SQS takes in one call', () => {
    const entry = (size: number) => ({ text: 'x'.repeat(size), delaySeconds: 0 });
    const sizes = batchesOf(Array.from({ length: 12 }, () => entry(messageBytesMax)));
    expect(sizes.map((batch) => batch.length)).toEqual([4, 4, 4]);
    expect(
      batchesOf(Array.from({ length: 23 }, () => entry(10))).map(({ length }) => length),
    ).toEqual([10, 10, 3]);
  });
});

describe('a body', () => {
  const chance = (length: number) =>
    Array.from({ length }, (_, n) => Math.imul(n + 1, 2654435761).toString(36)).join('');
  test.each([
    ['small', { a: [1, 'ü', null] }, /^\{/],
    [
      'with characters that SQS refuses',
      { a: '\uffff\ufffe\u0000\ud800' },
      /^[\t\n\r -\ud7ff\ue000-\ufffd]*$/,
    ],
    ['that packs well', { a: 'again and again '.repeat(10_000) }, /^z/],
    ['too large for a message', { a: chance(200_000) }, /^@[0-9a-f]{64}$/],
  ])('%s comes back as it was', async (_name, body, text) => {
    let kept = '';
    const { queue } = queueWith((command, input: Entries) => {
      if (command === 'SendMessageBatch') kept = input.Entries[0]?.MessageBody ?? '';
      else return { Messages: [{ Body: kept, ReceiptHandle: 'h' }] };
    });
    await queue.send([{ queue: 'q', body }]);
    expect(kept).toMatch(text);
    expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(messageBytesMax);
    const [taken] = await queue.take({ queues: ['q'], max: 1, waitMs: 0, visibilityMs: 1000 });
    expect(taken?.body).toEqual(body);
  });

  test('that cannot be read harms no other', async () => {
    const { queue, troubles } = queueWith(() => ({
      Messages: ['{', '{"n":1}', `@${'0'.repeat(64)}`].map((Body) => ({
        Body,
        ReceiptHandle: 'h',
      })),
    }));
    const taken = await queue.take({ queues: ['q'], max: 3, waitMs: 0, visibilityMs: 1000 });
    expect(taken.map(({ body }) => body)).toEqual([{ n: 1 }]);
    expect(troubles).toHaveLength(2);
  });
});

describe('removing', () => {
  const receipts = (count: number) => Array.from({ length: count }, (_, n) => `${urls.q} h${n}`);

  test('waits a moment for others: ten that are removed one by one are one call', async () => {
    const { queue, calls } = queueWith(() => ({}));
    await Promise.all(receipts(10).map((receipt) => queue.remove([receipt])));
    expect(calls.map(({ input }) => input.Entries.length)).toEqual([10]);
  });

  test('fewer are removed after the moment', async () => {
    const { queue, calls, clock } = queueWith(() => ({}));
    const removed = queue.remove(receipts(3));
    await clock.pass(50);
    await removed;
    expect(calls.map(({ input }) => input.Entries.length)).toEqual([3]);
  });

  test('is tried again for what SQS failed at, not for receipts that are old', async () => {
    const { queue, calls } = queueWith((_command, _input, call) => {
      if (call === 1) throw throttled();
      return call === 2 ? { Failed: [fail('1'), fail('2', true)] } : {};
    });
    await queue.remove(receipts(10));
    const handles = calls.map(({ input }) =>
      input.Entries.map((one: { ReceiptHandle: string }) => one.ReceiptHandle),
    );
    expect(handles.map((list) => list.length)).toEqual([10, 10, 1]);
    expect(handles[2]).toEqual(['h1']);
  });
});

test('a dead letter names the queue that SQS says it comes from', async () => {
  const { queue } = queueWith(() => ({
    Messages: [
      {
        Body: '{"n":1}',
        ReceiptHandle: 'h',
        Attributes: { DeadLetterQueueSourceArn: 'arn:aws:sqs:us-east-1:000000000000:q' },
      },
    ],
  }));
  const [taken] = await queue.take({ queues: ['dead'], max: 1, waitMs: 0, visibilityMs: 1000 });
  expect(taken?.body).toEqual({ from: 'q', body: { n: 1 } });
});
