import type { Blobs } from '../../ports/blobs.ts';
import type { Queue, Taken } from '../../ports/queue.ts';
import { fromText } from './message-text.ts';
import type { QueueDirectory } from './queue-directory.ts';
import { receiptOf } from './receipts.ts';

/** What this needs of a record of an event that Lambda made of received messages. */
export interface MessageRecord {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly attributes: {
    readonly ApproximateReceiveCount: string;
    readonly SentTimestamp: string;
  };
  readonly eventSourceARN: string;
}

export interface EventMessages {
  readonly taken: readonly Taken[];
  /**
   * To be called once, at the end: gives back what was not removed, and says so as Lambda wants to be told. Lambda leaves
   * such messages to the queue's visibility, which is as long as an attempt may take; who knows better says it here.
   */
  giveBack(): Promise<Failures>;
}

export interface Failures {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

export interface EventQueueOptions {
  /** The queue itself, for all that is not about an event's messages. */
  readonly queue: Queue;
  readonly blobs: Pick<Blobs, 'get'>;
  readonly directory: QueueDirectory;
  /** After how long a message comes again that was not removed, unless `extend` said otherwise. */
  readonly againMs: number;
  readonly onTrouble: (error: unknown) => void;
}

/**
 * A queue whose messages come in events: who removes one says that it is done, and Lambda deletes it at the end. All
 * else goes to the queue itself.
 */
export class EventQueue implements Queue {
  readonly #options: EventQueueOptions;
  readonly #open = new Map<string, Open>();

  constructor(options: EventQueueOptions) {
    this.#options = options;
  }

  /** The messages of one event. Those that cannot be read are left to come again, until they are dead letters. */
  async receive(records: readonly MessageRecord[]): Promise<EventMessages> {
    const { againMs, onTrouble } = this.#options;
    for (const record of records) this.#open.set(record.messageId, { record, againMs });
    const read = await Promise.all(records.map((record) => this.#taken(record).catch(onTrouble)));
    return {
      taken: read.filter((one) => one !== undefined),
      giveBack: () => this.#giveBack(records),
    };
  }

  async #giveBack(records: readonly MessageRecord[]): Promise<Failures> {
    const left = records.flatMap(({ messageId }) => this.#open.get(messageId) ?? []);
    for (const { record } of left) this.#open.delete(record.messageId);
    // One that stays away for longer than it should comes all the same.
    await this.#comeAgain(left).catch(this.#options.onTrouble);
    return { batchItemFailures: left.map(({ record }) => ({ itemIdentifier: record.messageId })) };
  }

  async #comeAgain(left: readonly Open[]): Promise<void> {
    const { queue, directory } = this.#options;
    const byTime = new Map<number, string[]>();
    for (const { record, againMs } of left) {
      const url = await directory.url(this.#nameOf(record));
      if (url === undefined) continue;
      const receipts = byTime.get(againMs) ?? [];
      receipts.push(receiptOf(url, record.receiptHandle));
      byTime.set(againMs, receipts);
    }
    await Promise.all([...byTime].map(([ms, receipts]) => queue.extend(receipts, ms)));
  }

  #nameOf({ eventSourceARN }: MessageRecord): string {
    return this.#options.directory.named(eventSourceARN.slice(eventSourceARN.lastIndexOf(':') + 1));
  }

  async #taken(record: MessageRecord): Promise<Taken> {
    const { messageId, body, attributes } = record;
    return {
      queue: this.#nameOf(record),
      body: await fromText(body, this.#options.blobs),
      receipt: messageId,
      receiveCount: Number(attributes.ApproximateReceiveCount),
      sentAt: Number(attributes.SentTimestamp),
    };
  }

  async remove(receipts: readonly string[]): Promise<void> {
    for (const receipt of receipts) this.#open.delete(receipt);
    const others = receipts.filter(isForeign);
    if (others.length > 0) await this.#options.queue.remove(others);
  }

  /** An event's messages are nobody else's while its function runs: what is said of them holds from its end on. */
  async extend(receipts: readonly string[], visibilityMs: number): Promise<void> {
    for (const receipt of receipts) {
      const open = this.#open.get(receipt);
      if (open) this.#open.set(receipt, { ...open, againMs: visibilityMs });
    }
    const others = receipts.filter(isForeign);
    if (others.length > 0) await this.#options.queue.extend(others, visibilityMs);
  }

  send: Queue['send'] = (messages) => this.#options.queue.send(messages);
  take: Queue['take'] = (options) => this.#options.queue.take(options);
  depth: Queue['depth'] = (queue) => this.#options.queue.depth(queue);
}

interface Open {
  readonly record: MessageRecord;
  readonly againMs: number;
}

/** Receipts of the queue itself begin with its address; an event's messages go by their ids. */
const isForeign = (receipt: string): boolean => receipt.includes(' ');
