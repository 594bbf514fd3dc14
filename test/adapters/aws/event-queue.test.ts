import { expect, test } from '@jest/globals';
import { EventQueue } from '../../../src/adapters/aws/event-queue.ts';
import { deployedQueues } from '../../../src/adapters/aws/queue-directory.ts';
import type { Queue } from '../../../src/ports/queue.ts';
import { Unavailable } from '../../../src/ports/table.ts';

const url = 'https://sqs.eu-west-1.amazonaws.com/1/stack-tasks';
const record = (messageId: string, body: string) => ({
  messageId,
  receiptHandle: `handle-of-${messageId}`,
  body,
  attributes: { ApproximateReceiveCount: '2', SentTimestamp: '1000' },
  eventSourceARN: 'arn:aws:sqs:eu-west-1:1:stack-tasks',
});

function rig(fails = false) {
  const removed: string[] = [];
  const extended: [number, ...string[]][] = [];
  const troubles: unknown[] = [];
  const behind = {
    remove: async (receipts: readonly string[]) => void removed.push(...receipts),
    extend: async (receipts: readonly string[], ms: number) => {
      if (fails) throw new Unavailable('no answer');
      extended.push([ms, ...receipts]);
    },
  };
  const queue = new EventQueue({
    queue: behind as unknown as Queue,
    blobs: { get: async () => undefined },
    directory: deployedQueues({ 'tasks-default': url }),
    againMs: 30_000,
    onTrouble: (error) => troubles.push(error),
  });
  return { queue, removed, extended, troubles };
}

test('messages of an event are taken as the queue would have given them', async () => {
  const { queue } = rig();
  const { taken } = await queue.receive([record('m1', '{"a":1}')]);
  expect(taken).toEqual([
    { queue: 'tasks-default', body: { a: 1 }, receipt: 'm1', receiveCount: 2, sentAt: 1000 },
  ]);
});

test('what was not removed comes again soon, and what cannot be read does too', async () => {
  const { queue, removed, extended, troubles } = rig();
  const event = await queue.receive([
    record('done', '{}'),
    record('left', '{}'),
    record('broken', '{"a'),
  ]);
  expect(event.taken.map(({ receipt }) => receipt)).toEqual(['done', 'left']);
  expect(troubles).toHaveLength(1);
  await queue.remove(['done']);
  expect(await event.giveBack()).toEqual({
    batchItemFailures: [{ itemIdentifier: 'left' }, { itemIdentifier: 'broken' }],
  });
  expect(removed).toEqual([]);
  expect(extended).toEqual([[30_000, `${url} handle-of-left`, `${url} handle-of-broken`]]);
});

test('when all is done, nothing is asked of the queue', async () => {
  const { queue, extended } = rig();
  const event = await queue.receive([record('done', '{}')]);
  await queue.remove(['done']);
  expect(await event.giveBack()).toEqual({ batchItemFailures: [] });
  expect(extended).toEqual([]);
});

test('who knows better says when a message comes again, which holds from the end on', async () => {
  const { queue, extended } = rig();
  const event = await queue.receive([record('drained', '{}'), record('held', '{}')]);
  await queue.extend(['drained'], 0);
  await queue.extend(['held', 'https://queue handle'], 60_000);
  expect(extended.splice(0)).toEqual([[60_000, 'https://queue handle']]);
  await event.giveBack();
  expect(extended).toEqual([
    [0, `${url} handle-of-drained`],
    [60_000, `${url} handle-of-held`],
  ]);
});

test('a queue that cannot be reached changes nothing about what comes again', async () => {
  const { queue, troubles } = rig(true);
  const event = await queue.receive([record('left', '{}')]);
  expect(await event.giveBack()).toEqual({ batchItemFailures: [{ itemIdentifier: 'left' }] });
  expect(troubles).toEqual([expect.any(Unavailable)]);
});

test('a receipt of the queue itself is removed there', async () => {
  const { queue, removed } = rig();
  await queue.remove(['https://queue handle', 'm-of-an-event-before']);
  expect(removed).toEqual(['https://queue handle']);
});
