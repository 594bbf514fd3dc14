import type { Clock } from '../../ports/clock.ts';
import type { Ids } from '../../ports/ids.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Random } from '../../ports/random.ts';
import { s3Blobs } from './blobs.ts';
import type { AwsClients } from './clients.ts';
import type { Patience } from './insist.ts';
import { type S3Logs, s3Logs } from './logs.ts';
import { objectPrefixes } from './object-prefixes.ts';
import { polledFeed } from './polled-feed.ts';
import { type SqsQueue, sqsQueue } from './queue.ts';
import type { QueueDirectory } from './queue-directory.ts';
import { dynamoTable } from './table.ts';

export interface AwsPortsOptions {
  readonly clients: AwsClients;
  readonly tableName: string;
  /** Of the table's stream, for a feed that is polled in this process. */
  readonly streamArn: string;
  readonly bucket: string;
  readonly queues: QueueDirectory;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  /** Hears of what is tried again, and of messages that cannot be read. */
  readonly onTrouble: (error: unknown) => void;
}

export type AwsPorts = Omit<Ports, 'provisioner'> & {
  readonly queue: SqsQueue;
  readonly logs: S3Logs;
};

/** Calls under way together for one call of the engine's: enough to hide the way, too few to be refused for it. */
const parallel = 32;

/** The ports that keep and carry things, over one table, one bucket and some queues. */
export function awsPorts(options: AwsPortsOptions): AwsPorts {
  const { clients, tableName, streamArn, bucket, queues, clock, ids, random, onTrouble } = options;
  const patience: Patience = { clock, random };
  const stored = { client: clients.s3, bucket, clock, patience };
  return {
    table: dynamoTable({ client: clients.dynamo, tableName, patience, parallel }),
    feed: polledFeed({ client: clients.streams, streamArn, patience, onTrouble }),
    queue: sqsQueue({
      client: clients.sqs,
      clock,
      patience,
      directory: queues,
      blobs: s3Blobs({ ...stored, prefix: objectPrefixes.messages }),
      onTrouble,
    }),
    blobs: s3Blobs({ ...stored, prefix: objectPrefixes.blobs }),
    logs: s3Logs({ ...stored, prefix: objectPrefixes.logs, ids, onTrouble }),
    clock,
    ids,
    random,
  };
}
