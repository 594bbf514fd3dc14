import {
  DescribeStreamCommand,
  type DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type _Record as Record,
} from '@aws-sdk/client-dynamodb-streams';
import { insist, type Patience } from './insist.ts';
import type { BatchResponse } from './stream-batch.ts';

export interface PollerOptions {
  readonly client: DynamoDBStreamsClient;
  readonly streamArn: string;
  readonly patience: Patience;
  /** What one batch may hold: at most 1000. */
  readonly batchMax: number;
  /** How long an empty shard is left alone. Lambda: 250 ms. */
  readonly idleMs: number;
  /** After how long a refused batch comes again. */
  readonly retryMs: number;
  /** Refused batches that may wait; then nothing new is read. */
  readonly refusedMax: number;
  readonly onBatch: (records: readonly Record[]) => Promise<BatchResponse>;
  /** Hears of what could not be read; it is tried again. */
  readonly onTrouble: (error: unknown) => void;
}

/** How often the stream is asked for shards that are new. */
const shardsMs = 10_000;

/**
 * Reads a stream as Lambda's event source does, for processes that are no function: every shard from its oldest record
 * on, batch by batch. Of a refused batch all comes again from the lowest number that was answered, whole. Unlike
 * Lambda's, it goes on behind a refused batch meanwhile, and remembers nothing over its end: the next one begins at the
 * oldest record again.
 */
export class StreamPoller {
  readonly #options: PollerOptions;
  readonly #stop = new AbortController();
  readonly #shards = new Map<string, Promise<void>>();
  readonly #refused = new Set<Promise<void>>();
  readonly #loop: Promise<void>;

  constructor(options: PollerOptions) {
    this.#options = options;
    this.#loop = this.#watch();
  }

  /** Resolves once what is at hand is done. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    await Promise.all([...this.#shards.values(), ...this.#refused]);
  }

  get #stopped(): boolean {
    return this.#stop.signal.aborted;
  }

  #sleep(ms: number): Promise<void> {
    return this.#options.patience.clock.sleep(ms, this.#stop.signal);
  }

  async #watch(): Promise<void> {
    while (!this.#stopped) {
      try {
        for (const shard of await this.#list())
          if (!this.#shards.has(shard)) this.#shards.set(shard, this.#readAll(shard));
      } catch (error) {
        this.#options.onTrouble(error);
      }
      await this.#sleep(shardsMs);
    }
  }

  async #list(): Promise<string[]> {
    const { client, streamArn: StreamArn, patience } = this.#options;
    const shards: string[] = [];
    let last: string | undefined;
    do {
      const start = last !== undefined && { ExclusiveStartShardId: last };
      const { StreamDescription } = await insist(patience, 'describe the stream', () =>
        client.send(new DescribeStreamCommand({ StreamArn, ...start })),
      );
      for (const { ShardId } of StreamDescription?.Shards ?? []) if (ShardId) shards.push(ShardId);
      last = StreamDescription?.LastEvaluatedShardId;
    } while (last !== undefined);
    return shards;
  }

  /** To the shard's end; from the last record that was read when an iterator is too old. */
  async #readAll(shard: string): Promise<void> {
    let after: string | undefined;
    while (!this.#stopped) {
      try {
        const ended = await this.#readOn(shard, after, (number) => {
          after = number;
        });
        if (ended) return;
      } catch (error) {
        // What was trimmed meanwhile is gone: on from the oldest there is.
        if ((error as Error).name === 'TrimmedDataAccessException') after = undefined;
        this.#options.onTrouble(error);
        await this.#sleep(this.#options.retryMs);
      }
    }
  }

  async #readOn(
    shard: string,
    after: string | undefined,
    read: (number: string) => void,
  ): Promise<boolean> {
    const { client, patience, batchMax: Limit, idleMs, refusedMax, retryMs } = this.#options;
    let iterator = await this.#iterator(shard, after);
    while (!this.#stopped && iterator !== undefined) {
      const ShardIterator = iterator;
      const { Records = [], NextShardIterator } = await insist(patience, 'read the stream', () =>
        client.send(new GetRecordsCommand({ ShardIterator, Limit })),
      );
      iterator = NextShardIterator;
      if (Records.length > 0) await this.#deliver(Records);
      const number = Records.at(-1)?.dynamodb?.SequenceNumber;
      if (number !== undefined) read(number);
      if (Records.length === 0 && iterator !== undefined) await this.#sleep(idleMs);
      while (this.#refused.size >= refusedMax && !this.#stopped) await this.#sleep(retryMs);
    }
    return iterator === undefined;
  }

  async #iterator(shard: string, after: string | undefined): Promise<string | undefined> {
    const { client, streamArn: StreamArn, patience } = this.#options;
    const from =
      after === undefined
        ? { ShardIteratorType: 'TRIM_HORIZON' as const }
        : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER' as const, SequenceNumber: after };
    const { ShardIterator } = await insist(patience, 'begin to read a shard', () =>
      client.send(new GetShardIteratorCommand({ StreamArn, ShardId: shard, ...from })),
    );
    return ShardIterator;
  }

  async #deliver(records: readonly Record[]): Promise<void> {
    const left = await this.#left(records);
    if (left.length === 0) return;
    const again = this.#again(left).finally(() => this.#refused.delete(again));
    this.#refused.add(again);
  }

  async #again(records: readonly Record[]): Promise<void> {
    let left = records;
    while (left.length > 0) {
      await this.#sleep(this.#options.retryMs);
      if (this.#stopped) return;
      left = await this.#left(left);
    }
  }

  /** What must come again: all from the lowest number that was answered. */
  async #left(records: readonly Record[]): Promise<readonly Record[]> {
    try {
      const { batchItemFailures } = await this.#options.onBatch(records);
      const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
      if (failed.size === 0) return [];
      const first = records.findIndex(({ dynamodb }) => failed.has(dynamodb?.SequenceNumber ?? ''));
      return records.slice(Math.max(0, first));
    } catch (error) {
      this.#options.onTrouble(error);
      return records;
    }
  }
}
