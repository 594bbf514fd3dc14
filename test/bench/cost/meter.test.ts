import { expect, test } from '@jest/globals';
import { Meter } from '../../../bench/cost/meter.ts';
import { priced, sumOf } from '../../../bench/cost/prices.ts';
import type { AwsClients } from '../../../src/adapters/aws/clients.ts';

type Answer = (input: object) => object;

/** Clients of which only the meter's middleware is real: `answer` is what AWS says. */
function watched(meter: Meter, answer: Answer, party: 'runner' | 'source' = 'runner') {
  const stacks = new Map<string, (next: unknown, context: object) => (args: object) => unknown>();
  const client = (name: string) => ({
    middlewareStack: { add: (made: never) => stacks.set(name, made) },
  });
  const names = ['dynamo', 'sqs', 's3'];
  meter.watch(
    Object.fromEntries(names.map((name) => [name, client(name)])) as unknown as AwsClients,
    party,
  );
  return async (name: string, command: string, input: object): Promise<void> => {
    const through = stacks.get(name);
    const next = async () => ({ output: answer(input) });
    await through?.(next, { commandName: `${command}Command` })({ input });
  };
}

const row = (sort: string, bytes: number) => ({
  p: { S: 'p' },
  s: { S: sort },
  d: { S: 'x'.repeat(bytes - 4 - sort.length) },
});

test('an item is billed with what lay there before', async () => {
  const meter = new Meter();
  const send = watched(meter, () => ({}));
  await send('dynamo', 'PutItem', { Item: row('a', 3000) });
  await send('dynamo', 'PutItem', { Item: row('a', 100) });
  await send('dynamo', 'DeleteItem', { Key: { p: { S: 'p' }, s: { S: 'a' } } });
  expect(meter.counted).toMatchObject({ tableWrites: 3 + 3 + 1, storedBytes: 0 });
});

test('a refused put is billed by what refused it', async () => {
  const meter = new Meter();
  const refusal = Object.assign(new Error('refused'), {
    name: 'ConditionalCheckFailedException',
    Item: row('a', 2000),
  });
  const send = watched(meter, () => {
    throw refusal;
  });
  await expect(send('dynamo', 'PutItem', { Item: row('a', 10) })).rejects.toBe(refusal);
  expect(meter.counted).toMatchObject({ tableWrites: 2, refusedWrites: 2, storedBytes: 0 });
});

test('of a batch only what was processed is billed', async () => {
  const meter = new Meter();
  const puts = ['a', 'b'].map((sort) => ({ PutRequest: { Item: row(sort, 1500) } }));
  const send = watched(meter, () => ({ UnprocessedItems: { table: [puts[1]] } }));
  await send('dynamo', 'BatchWriteItem', { RequestItems: { table: puts } });
  expect(meter.counted.tableWrites).toBe(2);
});

test('a batch of reads is billed key by key, also for what is not there, not for what was left', async () => {
  const meter = new Meter();
  const send = watched(meter, () => ({
    Responses: { table: [row('a', 5000)] },
    UnprocessedKeys: { table: { Keys: [{}] } },
  }));
  const table = { Keys: [{}, {}, {}], ConsistentRead: true };
  await send('dynamo', 'BatchGetItem', { RequestItems: { table } });
  expect(meter.counted.reads).toBe(2 + 1);
});

test('an event source pays for what it receives and deletes; an empty receive is of time', async () => {
  const meter = new Meter();
  let Messages: object[] = [{ Body: 'x'.repeat(70_000) }, { Body: 'y' }];
  const send = watched(meter, () => ({ Messages }), 'source');
  await send('sqs', 'ReceiveMessage', {});
  Messages = [];
  await send('sqs', 'ReceiveMessage', {});
  await send('sqs', 'DeleteMessageBatch', { Entries: [{ Id: '0' }, { Id: '1' }] });
  expect(meter.counted).toMatchObject({ sourceRequests: 2 + 1, emptyReceives: 1 });
});

test('objects are billed as puts and gets, a listing as a put', async () => {
  const meter = new Meter();
  const send = watched(meter, () => ({}));
  for (const command of ['PutObject', 'GetObject', 'HeadObject', 'ListObjectsV2'])
    await send('s3', command, {});
  expect(meter.counted).toMatchObject({ objectPuts: 2, objectGets: 2 });
});

test('requests that are under way together are one round', async () => {
  const meter = new Meter();
  const send = watched(meter, () => ({}));
  await Promise.all([send('s3', 'GetObject', {}), send('dynamo', 'GetItem', {})]);
  const together = meter.counted.runnerSeconds;
  await send('s3', 'GetObject', {});
  expect(meter.counted.runnerSeconds).toBeCloseTo(2 * together);
});

test('a bill is units times list prices', () => {
  const counted = {
    ...new Meter().counted,
    tableWrites: 1_000_000,
    indexWrites: 1_000_000,
    reads: 1_000_000,
    queueRequests: 500_000,
    sourceRequests: 500_000,
    objectPuts: 1000,
  };
  const bill = priced(counted);
  expect(bill).toMatchObject({ 'table writes': 0.625, 'index writes': 0.625, queues: 0.4 });
  expect(sumOf(bill)).toBeCloseTo(0.625 + 0.625 + 0.125 + 0.4 + 0.005);
});
