import { randomUUID } from 'node:crypto';
import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
} from '@aws-sdk/client-sqs';
import { type AwsClients, type AwsPlace, awsClients } from '../../src/adapters/aws/clients.ts';
import { makeBucket, makeTable } from '../../src/adapters/aws/local-resources.ts';
import { awsPorts } from '../../src/adapters/aws/ports.ts';
import { madeQueues } from '../../src/adapters/aws/queue-directory.ts';
import { handleStreamBatch, type StreamRecord } from '../../src/adapters/aws/stream-batch.ts';
import { StreamPoller } from '../../src/adapters/aws/stream-poller.ts';
import { systemClock, systemIds, systemRandom } from '../../src/adapters/system.ts';
import { queueOf } from '../../src/engine/dispatch.ts';
import { feedPrefixes } from '../../src/engine/items.ts';
import { Meter } from './meter.ts';
import { laneOf, type OnBatch, type Substrate } from './substrate.ts';

const provisioner = {
  read: async () => ({ wanted: 0, running: 0 }),
  set: async () => undefined,
};
const messagesMax = 10;

/** The adapters over an emulated AWS, with a meter on the clients. */
export async function awsSubstrate(
  place: AwsPlace,
  onTrouble: (error: unknown) => void,
): Promise<Substrate> {
  const name = `cost-${randomUUID()}`;
  const setup = awsClients(place);
  const streamArn = await makeTable(setup.dynamo, name, systemClock);
  await makeBucket(setup.s3, name);
  const patience = { clock: systemClock, random: systemRandom };
  const prefix = `${name.slice(0, 13)}-`;
  const queues = madeQueues({ client: setup.sqs, patience, prefix, receivesMax: 5 });
  const QueueUrl = (await queues.url(queueOf(undefined))) as string;
  const eventSourceARN = `arn:aws:sqs:us-east-1:0:${QueueUrl.slice(QueueUrl.lastIndexOf('/') + 1)}`;
  const meter = new Meter();
  const opened: AwsClients[] = [setup];
  const source = awsClients(place);
  meter.watch(source, 'source');
  opened.push(source);
  const stop = new AbortController();
  let poller: StreamPoller | undefined;
  return {
    meter,
    directory: queues,
    ports(party, clock = systemClock) {
      const clients = awsClients(place);
      if (party !== undefined) meter.watch(clients, party);
      opened.push(clients);
      const shared = { tableName: name, streamArn, bucket: name, queues, onTrouble };
      const own = { clients, clock, ids: systemIds(), random: systemRandom };
      return { ...awsPorts({ ...shared, ...own }), provisioner };
    },
    openStream(lanes, onBatch) {
      poller = openPoller(setup, streamArn, lanes, onBatch, onTrouble);
    },
    async receive() {
      const command = new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: messagesMax,
        WaitTimeSeconds: 20,
        VisibilityTimeout: 900,
        MessageSystemAttributeNames: ['SentTimestamp', 'ApproximateReceiveCount'],
      });
      const { Messages = [] } = await source.sqs.send(command, { abortSignal: stop.signal });
      return Messages.map((message) => recordOf(message, eventSourceARN));
    },
    async remove(messages) {
      const Entries = messages.map(({ receiptHandle }, i) => ({
        Id: String(i),
        ReceiptHandle: receiptHandle,
      }));
      await source.sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    },
    async close() {
      stop.abort();
      await poller?.stop();
      for (const clients of opened) clients.close();
    },
  };
}

const recordOf = (
  { MessageId = '', ReceiptHandle = '', Body = '', Attributes }: Message,
  eventSourceARN: string,
) => ({
  messageId: MessageId,
  receiptHandle: ReceiptHandle,
  body: Body,
  attributes: {
    ApproximateReceiveCount: Attributes?.ApproximateReceiveCount ?? '1',
    SentTimestamp: Attributes?.SentTimestamp ?? '0',
  },
  eventSourceARN,
});

/** As Lambda reads a stream: what its filters let through, some batches of a shard at a time. */
function openPoller(
  { streams: client }: AwsClients,
  streamArn: string,
  lanes: number,
  onBatch: OnBatch,
  onTrouble: (error: unknown) => void,
): StreamPoller {
  return new StreamPoller({
    client,
    streamArn,
    patience: { clock: systemClock, random: systemRandom },
    batchMax: 1000,
    idleMs: 250,
    retryMs: 500,
    refusedMax: 20,
    onTrouble,
    async onBatch(records) {
      const told = Map.groupBy(records.filter(passes), (record) => {
        const { p, s } = imageOf(record);
        return laneOf({ partition: p?.S ?? '', sort: s?.S ?? '' }, lanes);
      });
      const answers = await Promise.all(
        [...told].map(([lane, own]) =>
          handleStreamBatch(own, feedPrefixes, (items) => onBatch(lane, items), onTrouble),
        ),
      );
      return { batchItemFailures: answers.flatMap(({ batchItemFailures }) => batchItemFailures) };
    },
  });
}

interface Image {
  readonly p?: { readonly S?: string };
  readonly s?: { readonly S?: string };
}

const imageOf = (record: StreamRecord): Image => (record.dynamodb?.NewImage ?? {}) as Image;

const passes = (record: StreamRecord): boolean =>
  record.eventName === 'INSERT' &&
  feedPrefixes.some((one) => imageOf(record).s?.S?.startsWith(one) === true);
