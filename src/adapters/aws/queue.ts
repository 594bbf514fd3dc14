import {
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { JsonObject } from '../../contract/json.ts';
import type { Blobs } from '../../ports/blobs.ts';
import type { Clock } from '../../ports/clock.ts';
import {
  delayMsMax,
  type Outgoing,
  type Queue,
  type Taken,
  type TakeOptions,
} from '../../ports/queue.ts';
import { inParallel } from './in-parallel.ts';
import { insist, type Patience } from './insist.ts';
import { fromText, toText } from './message-text.ts';
import { deadQueue, type QueueDirectory } from './queue-directory.ts';
import { extendAll, Remover, receiptOf } from './receipts.ts';
import { batchesOf, type Entry, sendBatch } from './sends.ts';

export interface SqsQueueOptions {
  readonly client: SQSClient;
  readonly clock: Clock;
  readonly patience: Patience;
  readonly directory: QueueDirectory;
  /** For bodies that are too large. They may go when the messages have gone: after 14 days. */
  readonly blobs: Blobs;
  /** How long a removal waits for company. Default: 50 ms. */
  readonly lingerMs?: number;
  /** Hears of messages that cannot be read. They are left to come again, until they are dead letters. */
  readonly onTrouble: (error: unknown) => void;
}

export interface SqsQueue extends Queue {
  /** Takers that wait get nothing, at once; what is to be removed is. */
  close(): Promise<void>;
}

/** SQS's limits: for one call, and in whole seconds. */
const receiveMax = 10;
const waitSecondsMax = 20;
const visibilitySecondsMax = 12 * 3600;
const parallel = 8;

/** Whole seconds, rather too many: SQS knows nothing finer, and nothing may come too early. */
const seconds = (ms: number): number => Math.ceil(ms / 1000);
const visibility = (ms: number): number => Math.min(visibilitySecondsMax, seconds(ms));

/** Queues of SQS. Its dead letters come without a word about where they died: their source is asked for. */
export function sqsQueue(options: SqsQueueOptions): SqsQueue {
  const { client, clock, patience, directory, lingerMs = 50 } = options;
  const remover = new Remover(client, patience, clock, lingerMs);
  const closing = new AbortController();
  return {
    send: (messages) => send(options, messages),
    take: (asked) => take(options, asked, closing.signal),
    extend: (receipts, visibilityMs) =>
      extendAll(client, patience, receipts, visibility(visibilityMs)),
    remove: (receipts) => (receipts.length === 0 ? Promise.resolve() : remover.remove(receipts)),
    async depth(queue) {
      const QueueUrl = await directory.url(queue);
      if (QueueUrl === undefined) return { waiting: 0, inFlight: 0 };
      const { Attributes } = await insist(patience, `look at queue ${queue}`, () =>
        client.send(
          new GetQueueAttributesCommand({
            QueueUrl,
            AttributeNames: [
              'ApproximateNumberOfMessages',
              'ApproximateNumberOfMessagesNotVisible',
            ],
          }),
        ),
      );
      return {
        waiting: Number(Attributes?.ApproximateNumberOfMessages ?? 0),
        inFlight: Number(Attributes?.ApproximateNumberOfMessagesNotVisible ?? 0),
      };
    },
    async close() {
      closing.abort();
      await remover.flush();
    },
  };
}

async function send(options: SqsQueueOptions, messages: readonly Outgoing[]): Promise<void> {
  const { client, patience, directory } = options;
  for (const { delayMs = 0 } of messages)
    if (!(delayMs >= 0 && delayMs <= delayMsMax))
      throw new RangeError(`a message can wait 0 to ${delayMsMax} ms, not ${delayMs}`);
  const batches: { readonly url: string; readonly batch: readonly Entry[] }[] = [];
  for (const [queue, entries] of await entriesOf(options, messages)) {
    const url = await directory.url(queue);
    if (url === undefined) throw new Error(`there is no queue ${queue}: its pool is not deployed`);
    for (const batch of batchesOf(entries)) batches.push({ url, batch });
  }
  await inParallel(batches, parallel, ({ url, batch }) => sendBatch(client, patience, url, batch));
}

async function entriesOf(
  { blobs }: SqsQueueOptions,
  messages: readonly Outgoing[],
): Promise<ReadonlyMap<string, readonly Entry[]>> {
  const texts = await inParallel(messages, parallel, ({ body }) => toText(body, blobs));
  const queues = new Map<string, Entry[]>();
  for (const [index, { queue, delayMs = 0 }] of messages.entries()) {
    const entry = { text: texts[index] as string, delaySeconds: seconds(delayMs) };
    const known = queues.get(queue);
    if (known) known.push(entry);
    else queues.set(queue, [entry]);
  }
  return queues;
}

async function take(
  options: SqsQueueOptions,
  asked: TakeOptions,
  closing: AbortSignal,
): Promise<readonly Taken[]> {
  const until = options.clock.now() + asked.waitMs;
  const wait = asked.queues.length === 1 ? waitSecondsMax : 1;
  for (let round = 0; !closing.aborted; round++) {
    // Several queues are asked in their order, first without waiting: who waits at one does not see the others.
    const patient = asked.queues.length === 1 || round > 0;
    const left = until - options.clock.now();
    const first = patient ? Math.max(0, Math.min(wait, seconds(left))) : 0;
    const taken = await takeOnce(options, asked, first, closing);
    if (taken.length > 0 || until - options.clock.now() <= 0) return taken;
  }
  return [];
}

/** Waits at each queue until something comes; then takes on without waiting, as long as there is plenty. */
async function takeOnce(
  options: SqsQueueOptions,
  { queues, max, visibilityMs }: TakeOptions,
  waitSeconds: number,
  closing: AbortSignal,
): Promise<readonly Taken[]> {
  const taken: Taken[] = [];
  for (const queue of queues) {
    while (taken.length < max && !closing.aborted) {
      const ask = Math.min(receiveMax, max - taken.length);
      const wait = taken.length === 0 ? waitSeconds : 0;
      const some = await receive(options, queue, ask, wait, visibility(visibilityMs), closing);
      taken.push(...some);
      if (some.length < ask) break;
    }
    if (taken.length >= max) break;
  }
  return taken;
}

async function receive(
  options: SqsQueueOptions,
  queue: string,
  most: number,
  waitSeconds: number,
  visibilitySeconds: number,
  closing: AbortSignal,
): Promise<Taken[]> {
  const { client, patience, directory, clock } = options;
  const url = await directory.url(queue);
  if (url === undefined) {
    await clock.sleep(waitSeconds * 1000, closing);
    return [];
  }
  const command = new ReceiveMessageCommand({
    QueueUrl: url,
    MaxNumberOfMessages: most,
    WaitTimeSeconds: waitSeconds,
    VisibilityTimeout: visibilitySeconds,
    MessageSystemAttributeNames: [
      'SentTimestamp',
      'ApproximateReceiveCount',
      ...(queue === deadQueue ? (['DeadLetterQueueSourceArn'] as const) : []),
    ],
  });
  const messages = await insist(patience, `take from ${queue}`, async () => {
    if (closing.aborted) return [];
    const { Messages = [] } = await client.send(command, { abortSignal: closing });
    return Messages;
  });
  const taken = await inParallel(messages, parallel, (message) =>
    asTaken(options, queue, url, message).catch((error: unknown): undefined => {
      options.onTrouble(error);
    }),
  );
  return taken.filter((one) => one !== undefined);
}

async function asTaken(
  { directory, blobs }: SqsQueueOptions,
  queue: string,
  url: string,
  { Body = '', ReceiptHandle = '', Attributes }: Message,
): Promise<Taken> {
  const own = await fromText(Body, blobs);
  const source = Attributes?.DeadLetterQueueSourceArn;
  const body: JsonObject =
    source === undefined
      ? own
      : { from: directory.named(source.slice(source.lastIndexOf(':') + 1)), body: own };
  return {
    queue,
    body,
    receipt: receiptOf(url, ReceiptHandle),
    receiveCount: Number(Attributes?.ApproximateReceiveCount ?? 1),
    sentAt: Number(Attributes?.SentTimestamp ?? 0),
  };
}
