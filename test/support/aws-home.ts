import { randomUUID } from 'node:crypto';
import type { AwsClients, AwsPlace } from '../../src/adapters/aws/clients.ts';
import { awsClients } from '../../src/adapters/aws/clients.ts';
import { makeBucket, makeTable } from '../../src/adapters/aws/local-resources.ts';
import { type AwsPorts, awsPorts } from '../../src/adapters/aws/ports.ts';
import { madeQueues, type QueueDirectory } from '../../src/adapters/aws/queue-directory.ts';
import { systemClock, systemIds, systemRandom } from '../../src/adapters/system.ts';

/** How long a machine may take to install the emulator, the first time. */
export const INSTALL_MS = 400_000;

export interface AwsHome {
  readonly clients: AwsClients;
  readonly tableName: string;
  readonly streamArn: string;
  readonly bucket: string;
  readonly queues: QueueDirectory;
  /** The ports, opened anew: as another process would have them. */
  ports(): AwsPorts;
  close(): void;
}

export const receivesMax = 3;

/** A table, a bucket and queues of the test's own. */
export async function openAwsHome(
  place: AwsPlace,
  onTrouble: (error: unknown) => void = () => {},
): Promise<AwsHome> {
  const clients = awsClients(place);
  const name = `test-${randomUUID()}`;
  const streamArn = await makeTable(clients.dynamo, name, systemClock);
  await makeBucket(clients.s3, name);
  const queues = madeQueues({
    client: clients.sqs,
    patience: { clock: systemClock, random: systemRandom },
    prefix: `${name.slice(0, 10)}-`,
    receivesMax,
  });
  return {
    clients,
    tableName: name,
    streamArn,
    bucket: name,
    queues,
    ports: () =>
      awsPorts({
        clients,
        tableName: name,
        streamArn,
        bucket: name,
        queues,
        clock: systemClock,
        ids: systemIds(),
        random: systemRandom,
        onTrouble,
      }),
    close: () => clients.close(),
  };
}
