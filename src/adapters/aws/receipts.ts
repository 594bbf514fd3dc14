import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { Clock } from '../../ports/clock.ts';
import { Unavailable } from '../../ports/table.ts';
import { inParallel, partsOf } from './in-parallel.ts';
import { insist, type Patience, pause } from './insist.ts';

/** SQS's limit for one batch. */
const entriesMax = 10;
const parallel = 8;

/** A receipt as the port has it: the queue's address, and SQS's handle. */
export const receiptOf = (url: string, handle: string): string => `${url} ${handle}`;

function byQueue(receipts: readonly string[]): Map<string, string[]> {
  const queues = new Map<string, string[]>();
  for (const receipt of receipts) {
    const end = receipt.indexOf(' ');
    const url = receipt.slice(0, end);
    const known = queues.get(url);
    if (known) known.push(receipt.slice(end + 1));
    else queues.set(url, [receipt.slice(end + 1)]);
  }
  return queues;
}

interface Refused {
  readonly Id?: string | undefined;
  readonly Code?: string | undefined;
  readonly SenderFault?: boolean | undefined;
}

type BatchCall = (url: string, handles: readonly string[]) => Promise<readonly Refused[]>;

/** In tens, again for those that SQS failed at. What is wrong with a receipt is that it is old: it says nothing. */
async function forEach(
  patience: Patience,
  receipts: readonly string[],
  call: BatchCall,
): Promise<void> {
  const batches = [...byQueue(receipts)].flatMap(([url, handles]) =>
    partsOf(handles, entriesMax).map((part) => ({ url, part })),
  );
  await inParallel(batches, parallel, async ({ url, part }) => {
    const { triesMax = 8 } = patience;
    let open = part;
    for (let tries = 1; open.length > 0; tries++) {
      const handles = open;
      const refused = await insist(patience, `receipts of ${url}`, () => call(url, handles));
      const again = refused.filter(({ SenderFault }) => SenderFault !== true);
      if (again.length > 0 && tries >= triesMax)
        throw new Unavailable(`${again.length} receipts: ${again[0]?.Code}, ${tries} times`);
      open = again.flatMap(({ Id }) => handles[Number(Id)] ?? []);
      if (open.length > 0) await pause(patience, tries);
    }
  });
}

export const extendAll = (
  client: SQSClient,
  patience: Patience,
  receipts: readonly string[],
  seconds: number,
): Promise<void> =>
  forEach(patience, receipts, async (QueueUrl, handles) => {
    const Entries = handles.map((ReceiptHandle, index) => ({
      Id: String(index),
      ReceiptHandle,
      VisibilityTimeout: seconds,
    }));
    const command = new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries });
    return (await client.send(command)).Failed ?? [];
  });

const removeAll = (
  client: SQSClient,
  patience: Patience,
  receipts: readonly string[],
): Promise<void> =>
  forEach(patience, receipts, async (QueueUrl, handles) => {
    const Entries = handles.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }));
    const command = new DeleteMessageBatchCommand({ QueueUrl, Entries });
    return (await client.send(command)).Failed ?? [];
  });

/**
 * Removes messages in company: one that is removed alone costs as much as ten. So each waits a moment for others, or
 * until there are ten.
 */
export class Remover {
  readonly #client: SQSClient;
  readonly #patience: Patience;
  readonly #clock: Clock;
  readonly #lingerMs: number;
  #waiting: string[] = [];
  #alarm: AbortController | undefined;
  #flush: Promise<void> = Promise.resolve();

  constructor(client: SQSClient, patience: Patience, clock: Clock, lingerMs: number) {
    this.#client = client;
    this.#patience = patience;
    this.#clock = clock;
    this.#lingerMs = lingerMs;
  }

  /** Resolves once all of them are removed. */
  remove(receipts: readonly string[]): Promise<void> {
    this.#waiting.push(...receipts);
    if (this.#alarm === undefined) {
      const alarm = new AbortController();
      this.#alarm = alarm;
      this.#flush = this.#clock.sleep(this.#lingerMs, alarm.signal).then(() => {
        this.#alarm = undefined;
        const now = this.#waiting;
        this.#waiting = [];
        return removeAll(this.#client, this.#patience, now);
      });
    }
    const mine = this.#flush;
    if (this.#waiting.length >= entriesMax) this.#alarm.abort();
    return mine;
  }

  /** Removes what waits, now. */
  async flush(): Promise<void> {
    this.#alarm?.abort();
    await this.#flush;
  }
}
