import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteMessageBatchCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { type AwsClients, type AwsPlace, awsClients } from '../../src/adapters/aws/clients.ts';
import { EventQueue, type MessageRecord } from '../../src/adapters/aws/event-queue.ts';
import { makeBucket, makeTable } from '../../src/adapters/aws/local-resources.ts';
import { awsPorts } from '../../src/adapters/aws/ports.ts';
import { madeQueues, type QueueDirectory } from '../../src/adapters/aws/queue-directory.ts';
import { handleStreamBatch, type StreamRecord } from '../../src/adapters/aws/stream-batch.ts';
import { StreamPoller } from '../../src/adapters/aws/stream-poller.ts';
import { systemClock, systemIds, systemRandom } from '../../src/adapters/system.ts';
import type { Json } from '../../src/contract/json.ts';
import { acceptWorkflow } from '../../src/definition/accept.ts';
import type { Decider } from '../../src/engine/advance.ts';
import { createDecider, createEngine } from '../../src/engine/create-engine.ts';
import { queueOf } from '../../src/engine/dispatch.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { fanOut } from '../../src/engine/fan-out.ts';
import { feedPrefixes } from '../../src/engine/items.ts';
import { defaultSettings } from '../../src/engine/settings.ts';
import { sweepRunners, sweepRuns } from '../../src/engine/sweep.ts';
import { Agent } from '../../src/runner/agent.ts';
import { Meter, type Party } from './meter.ts';
import { type TimedOptions, timedExecutor } from './timed-executor.ts';

export interface DeploymentOptions {
  readonly place: AwsPlace;
  /** Batches of one shard that are under way together. */
  readonly deciders: number;
  /** Runner processes, and tasks at a time in each. */
  readonly runners: number;
  readonly slots: number;
  readonly seconds: TimedOptions['seconds'];
  readonly output: Json;
  readonly onTrouble: (error: unknown) => void;
}

/** What is deployed, in this process: functions' code over AWS's own event sources, played by the rules. */
export interface Deployment {
  readonly meter: Meter;
  readonly engine: Engine;
  /** Looks by clients that nobody counts. */
  readonly looker: Decider;
  /** What the sweep does when all runs are so much older. */
  sweepLater(ms: number): Promise<void>;
  /** Resolves when nothing is under way any more. */
  quiet(): Promise<void>;
  close(): Promise<void>;
}

const decidersShards = 16;
/** SQS gives an event source at most so many at once without making it wait. */
const messagesMax = 10;
const pollers = 5;
/** What code of ours takes beyond its requests: of one invocation, and of one record. */
const invocationSeconds = 0.005;
const recordSeconds = 0.0001;

export async function deploy(options: DeploymentOptions): Promise<Deployment> {
  const { place, onTrouble } = options;
  const name = `cost-${randomUUID()}`;
  const setup = awsClients(place);
  const streamArn = await makeTable(setup.dynamo, name, systemClock);
  await makeBucket(setup.s3, name);
  const patience = { clock: systemClock, random: systemRandom };
  const prefix = `${name.slice(0, 13)}-`;
  const queues = madeQueues({ client: setup.sqs, patience, prefix, receivesMax: 5 });
  const meter = new Meter();
  const opened: AwsClients[] = [setup];
  const settings = { ...defaultSettings, shards: decidersShards };
  const provisioner = {
    read: async () => ({ wanted: 0, running: 0 }),
    set: async () => undefined,
  };
  const clientsOf = (party: Party | undefined): AwsClients => {
    const clients = awsClients(place);
    if (party !== undefined) meter.watch(clients, party);
    opened.push(clients);
    return clients;
  };
  const portsOf = (party: Party | undefined, clock = systemClock) => ({
    ...awsPorts({
      clients: clientsOf(party),
      tableName: name,
      streamArn,
      bucket: name,
      queues,
      clock,
      ids: systemIds(),
      random: systemRandom,
      onTrouble,
    }),
    provisioner,
  });
  const deciderOf = (party: Party | undefined, clock = systemClock) =>
    createDecider(portsOf(party, clock), settings);

  const api = deciderOf('api');
  const engine = createEngine(api.decider, api.specs, acceptWorkflow, async () => []);
  const deciders = Array.from({ length: options.deciders }, () => deciderOf('decider').decider);
  const feed = openStream({ clients: clientsOf(undefined), streamArn, deciders, meter, onTrouble });
  const runners = Array.from({ length: options.runners }, () => {
    const ports = portsOf('runner');
    const queue = new EventQueue({
      queue: ports.queue,
      blobs: ports.blobs,
      directory: queues,
      againMs: settings.visibilityMs,
      onTrouble,
    });
    const agent = new Agent({ ...ports, queue }, settings, {
      id: ports.ids.next(),
      pool: 'default',
      slots: options.slots,
      lingerMs: 0,
      controlMs: 1_000,
      waitMs: 0,
      takeMax: 0,
      executor: timedExecutor(options),
      failed: onTrouble,
    });
    agent.start();
    return { agent, queue };
  });
  const source = await openSource({
    clients: clientsOf('source'),
    queues,
    runners,
    meter,
    onTrouble,
  });
  return {
    meter,
    engine,
    looker: deciderOf(undefined).decider,
    async sweepLater(ms) {
      const later = { ...systemClock, now: () => systemClock.now() + ms };
      const { decider } = deciderOf('sweep', later);
      meter.invoked('sweep');
      meter.worked('sweep', invocationSeconds);
      await sweepRunners(decider);
      await sweepRuns(decider);
    },
    async quiet() {
      for (let calm = 0; calm < 8; ) {
        const moved = feed.busy() || source.busy();
        calm = moved ? 0 : calm + 1;
        await sleep(100);
      }
    },
    async close() {
      await source.stop();
      await feed.stop();
      await Promise.all(runners.map(({ agent }) => agent.close()));
      for (const clients of opened) clients.close();
    },
  };
}

interface StreamOptions {
  readonly clients: AwsClients;
  readonly streamArn: string;
  readonly deciders: readonly Decider[];
  readonly meter: Meter;
  readonly onTrouble: (error: unknown) => void;
}

/** As Lambda reads a stream: what its filters let through, some batches of one shard at a time, each item always in one. */
function openStream({ clients, streamArn, deciders, meter, onTrouble }: StreamOptions) {
  let under = 0;
  const invoke = async (decider: Decider, records: readonly StreamRecord[]) => {
    meter.invoked('decider');
    meter.worked('decider', invocationSeconds + records.length * recordSeconds);
    const handler = async (items: Parameters<typeof fanOut>[1]): Promise<void> => {
      for (const { error } of await fanOut(decider, items)) onTrouble(error);
    };
    return handleStreamBatch(records, feedPrefixes, handler, onTrouble);
  };
  const poller = new StreamPoller({
    client: clients.streams,
    streamArn,
    patience: { clock: systemClock, random: systemRandom },
    batchMax: 1000,
    idleMs: 250,
    retryMs: 500,
    refusedMax: 20,
    onTrouble,
    async onBatch(records) {
      const told = records.filter(passes);
      const lanes = Map.groupBy(told, (record) => laneOf(record, deciders.length));
      under++;
      const answers = await Promise.all(
        [...lanes].map(([lane, own]) => invoke(deciders[lane] as Decider, own)),
      );
      under--;
      return { batchItemFailures: answers.flatMap(({ batchItemFailures }) => batchItemFailures) };
    },
  });
  return { stop: () => poller.stop(), busy: () => under > 0 };
}

interface Image {
  readonly p?: { readonly S?: string };
  readonly s?: { readonly S?: string };
}

const imageOf = (record: StreamRecord): Image => (record.dynamodb?.NewImage ?? {}) as Image;

const passes = (record: StreamRecord): boolean =>
  record.eventName === 'INSERT' &&
  feedPrefixes.some((one) => imageOf(record).s?.S?.startsWith(one) === true);

function laneOf(record: StreamRecord, lanes: number): number {
  const { p, s } = imageOf(record);
  let hash = 0;
  for (const char of `${p?.S}${s?.S}`) hash = (Math.imul(hash, 31) + char.charCodeAt(0)) >>> 0;
  return hash % lanes;
}

interface SourceOptions {
  readonly clients: AwsClients;
  readonly queues: QueueDirectory;
  readonly runners: readonly { readonly agent: Agent; readonly queue: EventQueue }[];
  readonly meter: Meter;
  readonly onTrouble: (error: unknown) => void;
}

/** As Lambda reads a queue: five pollers, up to ten messages an invocation, and a delete of what was done. */
async function openSource({ clients, queues, runners, meter, onTrouble }: SourceOptions) {
  const { sqs } = clients;
  const QueueUrl = (await queues.url(queueOf(undefined))) as string;
  const eventSourceARN = `arn:aws:sqs:us-east-1:0:${QueueUrl.slice(QueueUrl.lastIndexOf('/') + 1)}`;
  const free = [...runners];
  const stop = new AbortController();
  const invoke = async (records: readonly MessageRecord[]) => {
    while (free.length === 0) await sleep(5);
    const runner = free.pop() as (typeof runners)[number];
    try {
      meter.invoked('runner');
      meter.worked('runner', invocationSeconds);
      const messages = await runner.queue.receive(records);
      await runner.agent.handle(messages.taken);
      const { batchItemFailures } = await messages.giveBack();
      return new Set(batchItemFailures.map((one) => one.itemIdentifier));
    } finally {
      free.push(runner);
    }
  };
  const poll = async (): Promise<void> => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: messagesMax,
        WaitTimeSeconds: 20,
        VisibilityTimeout: 900,
        MessageSystemAttributeNames: ['SentTimestamp', 'ApproximateReceiveCount'],
      }),
      { abortSignal: stop.signal },
    );
    if (Messages.length === 0) return;
    const failed = await invoke(
      Messages.map(({ MessageId = '', ReceiptHandle = '', Body = '', Attributes }) => ({
        messageId: MessageId,
        receiptHandle: ReceiptHandle,
        body: Body,
        attributes: {
          ApproximateReceiveCount: Attributes?.ApproximateReceiveCount ?? '1',
          SentTimestamp: Attributes?.SentTimestamp ?? '0',
        },
        eventSourceARN,
      })),
    );
    const done = Messages.filter(({ MessageId = '' }) => !failed.has(MessageId));
    const Entries = done.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle }));
    if (Entries.length > 0) await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
  };
  const loop = async (): Promise<void> => {
    while (!stop.signal.aborted)
      await poll().catch((error: unknown) => {
        if (!stop.signal.aborted) onTrouble(error);
      });
  };
  const loops = Array.from({ length: Math.max(pollers, runners.length) }, loop);
  return {
    busy: () => free.length < runners.length,
    async stop() {
      stop.abort();
      await Promise.all(loops);
    },
  };
}
