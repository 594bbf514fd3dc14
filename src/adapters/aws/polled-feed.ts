import type { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import type { Feed } from '../../ports/table.ts';
import type { Patience } from './insist.ts';
import { handleStreamBatch } from './stream-batch.ts';
import { StreamPoller } from './stream-poller.ts';

export interface PolledFeedOptions {
  readonly client: DynamoDBStreamsClient;
  readonly streamArn: string;
  readonly patience: Patience;
  /** Default: 250 ms, as Lambda polls. */
  readonly idleMs?: number;
  /** Default: 500 ms. */
  readonly retryMs?: number;
  /** Hears why a batch comes again, and of what could not be read. */
  readonly onTrouble: (error: unknown) => void;
}

const batchMax = 500;
const refusedMax = 20;

/** The feed of a table by its stream, read in this process; in a deployment functions are called instead. */
export function polledFeed(options: PolledFeedOptions): Feed {
  const { client, streamArn, patience, idleMs = 250, retryMs = 500, onTrouble } = options;
  return {
    subscribe(prefixes, handler) {
      const poller = new StreamPoller({
        client,
        streamArn,
        patience,
        batchMax,
        idleMs,
        retryMs,
        refusedMax,
        onBatch: (records) => handleStreamBatch(records, prefixes, handler, onTrouble),
        onTrouble,
      });
      return () => poller.stop();
    },
  };
}
