import {
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { Unavailable } from '../../ports/table.ts';
import { insist, type Patience, pause } from './insist.ts';

/** SQS's limits for one batch. */
const entriesMax = 10;
const batchBytesMax = 1024 * 1024;

export interface Entry {
  readonly text: string;
  readonly delaySeconds: number;
}

/** As few batches as SQS takes them. */
export function batchesOf(entries: readonly Entry[]): Entry[][] {
  const batches: Entry[][] = [];
  let room = 0;
  for (const entry of entries) {
    const size = Buffer.byteLength(entry.text);
    let batch = batches.at(-1);
    if (batch === undefined || batch.length >= entriesMax || size > room) {
      batch = [];
      batches.push(batch);
      room = batchBytesMax;
    }
    batch.push(entry);
    room -= size;
  }
  return batches;
}

/** A batch may be sent in part: what was not is sent again, until all of it was. */
export async function sendBatch(
  client: SQSClient,
  patience: Patience,
  QueueUrl: string,
  entries: readonly Entry[],
): Promise<void> {
  const { triesMax = 8 } = patience;
  let open = entries.map(({ text, delaySeconds }, index): SendMessageBatchRequestEntry => {
    const delay = delaySeconds > 0 && { DelaySeconds: delaySeconds };
    return { Id: String(index), MessageBody: text, ...delay };
  });
  for (let tries = 1; ; tries++) {
    const Entries = open;
    const { Failed = [] } = await insist(patience, `send to ${QueueUrl}`, () =>
      client.send(new SendMessageBatchCommand({ QueueUrl, Entries })),
    );
    if (Failed.length === 0) return;
    const [first] = Failed;
    const why = `${first?.Code}: ${first?.Message ?? ''}`;
    if (Failed.some(({ SenderFault }) => SenderFault))
      throw new Error(`${QueueUrl} refuses ${Failed.length} messages: ${why}`);
    if (tries >= triesMax)
      throw new Unavailable(`${Failed.length} messages were not sent, ${tries} times: ${why}`);
    const failed = new Set(Failed.map(({ Id }) => Id));
    open = open.filter(({ Id }) => failed.has(Id));
    await pause(patience, tries);
  }
}
