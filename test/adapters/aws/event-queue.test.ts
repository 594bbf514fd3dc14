import { expect, test } from '@jest/globals';
import { EventQueue } from '../../../src/adapters/aws/event-queue.ts';
import type { Queue } from '../../../src/ports/queue.ts';

const record = (messageId: string, body: string) => ({
  messageId,
  body,
  attributes: { ApproximateReceiveCount: '2', SentTimestamp: '1000' },
  eventSourceARN: 'arn:aws:sqs:eu-west-1:1:some-queue',
});

function rig() {
  const removed: string[] = [];
  const troubles: unknown[] = [];
  const behind = { remove: async (receipts: readonly string[]) => void removed.push(...receipts) };
  const queue = new EventQueue(
    behind as unknown as Queue,
    { get: async () => undefined },
    (name) => `tasks of ${name}`,
    (error) => troubles.push(error),
  );
  return { queue, removed, troubles };
}

test('messages of an event are taken as the queue would have given them', async () => {
  const { queue } = rig();
  const { taken } = await queue.receive([record('m1', '{"a":1}')]);
  expect(taken).toEqual([
    { queue: 'tasks of some-queue', body: { a: 1 }, receipt: 'm1', receiveCount: 2, sentAt: 1000 },
  ]);
});

test('what was not removed comes again, and what cannot be read does too', async () => {
  const { queue, removed, troubles } = rig();
  const event = await queue.receive([
    record('done', '{}'),
    record('left', '{}'),
    record('broken', '{"a'),
  ]);
  expect(event.taken.map(({ receipt }) => receipt)).toEqual(['done', 'left']);
  expect(troubles).toHaveLength(1);
  await queue.remove(['done']);
  expect(event.failures()).toEqual({
    batchItemFailures: [{ itemIdentifier: 'left' }, { itemIdentifier: 'broken' }],
  });
  expect(removed).toEqual([]);
});

test('a receipt of the queue itself is removed there', async () => {
  const { queue, removed } = rig();
  await queue.remove(['https://queue handle', 'm-of-an-event-before']);
  expect(removed).toEqual(['https://queue handle']);
});
