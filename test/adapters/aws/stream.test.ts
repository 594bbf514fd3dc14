import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { describe, expect, test } from '@jest/globals';
import { polledFeed } from '../../../src/adapters/aws/polled-feed.ts';
import { toRow } from '../../../src/adapters/aws/row.ts';
import { handleStreamBatch, insertsOf } from '../../../src/adapters/aws/stream-batch.ts';
import { StreamPoller } from '../../../src/adapters/aws/stream-poller.ts';
import { systemClock } from '../../../src/adapters/system.ts';
import { until } from '../../ports/until.ts';
import { type Answer, failure, nowhere, stub } from '../../support/aws-stub.ts';

const record = (number: number, sort = `PACK#${number}`, eventName = 'INSERT') => ({
  eventName: eventName as 'INSERT',
  dynamodb: {
    SequenceNumber: String(number),
    NewImage: toRow(
      { partition: 'p', sort, version: 1, data: {}, bytes: Uint8Array.of(1, 2) },
      new Uint8Array(8),
    ),
  },
});

describe('a batch of a stream', () => {
  test('holds the inserts that are asked for', () => {
    const records = [
      record(1),
      record(2, 'META'),
      record(3, 'PACK#x', 'MODIFY'),
      record(4, 'OTHER'),
    ];
    const removal = { eventName: 'REMOVE', dynamodb: { SequenceNumber: '5' } };
    const items = insertsOf([...records, removal], ['PACK#', 'META']);
    expect(items.map(({ sort }) => sort)).toEqual(['PACK#1', 'META']);
  });

  test('reads the same of a function’s event, whose bytes are texts', () => {
    const event = JSON.parse(
      JSON.stringify(record(1), (_key, value) =>
        value?.type === 'Buffer' || value instanceof Uint8Array
          ? Buffer.from(value.data ?? value).toString('base64')
          : value,
      ),
    );
    expect(insertsOf([event], ['PACK#'])).toEqual(insertsOf([record(1)], ['PACK#']));
  });

  test('that is refused comes again from its first record on', async () => {
    const told: unknown[] = [];
    const answer = await handleStreamBatch(
      [record(7), record(8)],
      ['PACK#'],
      async () => {
        throw new Error('no');
      },
      (error) => told.push(error),
    );
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: '7' }] });
    expect(told).toHaveLength(1);
  });

  test('in which nothing is asked for wakes nobody', async () => {
    const handler = async () => {
      throw new Error('called');
    };
    const answer = await handleStreamBatch([record(1, 'OTHER')], ['PACK#'], handler, () => {});
    expect(answer).toEqual({ batchItemFailures: [] });
  });
});

type Asked = { readonly ShardIterator: string; readonly SequenceNumber?: string };

/** One shard that answers with these batches, one after the other; an error is thrown once. */
function shardOf(batches: (ReturnType<typeof record>[] | Error)[]): Answer {
  return (command, { SequenceNumber }: Asked) => {
    if (command === 'DescribeStream') return { StreamDescription: { Shards: [{ ShardId: 's' }] } };
    if (command === 'GetShardIterator') return { ShardIterator: SequenceNumber ?? 'oldest' };
    const next = batches.shift() ?? [];
    if (next instanceof Error) throw next;
    return { Records: next, NextShardIterator: 'next' };
  };
}

function pollerOptions(answer: Answer) {
  const { client, calls } = stub(new DynamoDBStreamsClient(nowhere), answer);
  const options = {
    client,
    streamArn: 'arn',
    patience: { clock: systemClock, random: { next: () => 0 } },
    idleMs: 1,
    retryMs: 1,
  };
  return { options, calls };
}

describe('who polls a stream', () => {
  test('gives again all from the lowest number that failed, and goes on meanwhile', async () => {
    const { options } = pollerOptions(shardOf([[1, 2, 3, 4].map((n) => record(n)), [record(5)]]));
    const batches: string[][] = [];
    const poller = new StreamPoller({
      ...options,
      batchMax: 10,
      refusedMax: 2,
      onTrouble: () => {},
      async onBatch(records) {
        const numbers = records.map(({ dynamodb }) => dynamodb?.SequenceNumber ?? '');
        batches.push(numbers);
        const failed = batches.length === 1 ? ['4', '3'] : [];
        return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
      },
    });
    await until('three batches came', () => batches.length === 3);
    await poller.stop();
    expect(batches[0]).toEqual(['1', '2', '3', '4']);
    expect(batches.slice(1).sort()).toEqual([['3', '4'], ['5']]);
  });

  test('reads nothing more while too much was refused', async () => {
    const plenty = Array.from({ length: 20 }, (_, n) => [record(n + 1)]);
    const { options, calls } = pollerOptions(shardOf(plenty));
    let tries = 0;
    const poller = new StreamPoller({
      ...options,
      batchMax: 10,
      refusedMax: 3,
      onTrouble: () => {},
      async onBatch() {
        tries++;
        throw new Error('no');
      },
    });
    await until('they were tried often', () => tries > 30);
    await poller.stop();
    expect(calls.filter(({ command }) => command === 'GetRecords')).toHaveLength(3);
  });

  test('goes on behind the last record that it read when its place is too old', async () => {
    const { options, calls } = pollerOptions(
      shardOf([[record(1)], failure('ExpiredIteratorException'), [record(2)]]),
    );
    const seen: string[] = [];
    const troubles: unknown[] = [];
    const feed = polledFeed({ ...options, onTrouble: (error) => troubles.push(error) });
    const stop = feed.subscribe(['PACK#'], async (items) => {
      seen.push(...items.map(({ sort }) => sort));
    });
    await until('both came', () => seen.length === 2);
    await stop();
    expect(seen).toEqual(['PACK#1', 'PACK#2']);
    const iterators = calls.filter(({ command }) => command === 'GetShardIterator');
    expect(iterators.map(({ input }) => input.SequenceNumber)).toEqual([undefined, '1']);
    expect(troubles).toHaveLength(1);
  });

  test('begins at the oldest record again when what it was at is gone', async () => {
    const { options, calls } = pollerOptions(
      shardOf([[record(1)], failure('TrimmedDataAccessException'), [record(9)]]),
    );
    const seen: string[] = [];
    const feed = polledFeed({ ...options, onTrouble: () => {} });
    const stop = feed.subscribe(['PACK#'], async (items) => {
      seen.push(...items.map(({ sort }) => sort));
    });
    await until('both came', () => seen.length === 2);
    await stop();
    const iterators = calls.filter(({ command }) => command === 'GetShardIterator');
    expect(iterators.at(-1)?.input.ShardIteratorType).toBe('TRIM_HORIZON');
  });
});
