import type { Blobs } from '../../ports/blobs.ts';
import type { Queue, Taken } from '../../ports/queue.ts';
import { fromText } from './message-text.ts';

/** What this needs of a record of an event that Lambda made of received messages. */
export interface MessageRecord {
  readonly messageId: string;
  readonly body: string;
  readonly attributes: {
    readonly ApproximateReceiveCount: string;
    readonly SentTimestamp: string;
  };
  readonly eventSourceARN: string;
}

export interface EventMessages {
  readonly taken: readonly Taken[];
  /** As Lambda wants to be answered: with the messages that must come again. */
  failures(): { readonly batchItemFailures: readonly { readonly itemIdentifier: string }[] };
}

/**
 * A queue whose messages come in events: who removes one says that it is done, and Lambda deletes it at the end. All
 * else goes to the queue itself.
 */
export class EventQueue implements Queue {
  readonly #queue: Queue;
  readonly #blobs: Pick<Blobs, 'get'>;
  readonly #named: (sqsName: string) => string;
  readonly #onTrouble: (error: unknown) => void;
  readonly #open = new Set<string>();

  constructor(
    queue: Queue,
    blobs: Pick<Blobs, 'get'>,
    named: (sqsName: string) => string,
    onTrouble: (error: unknown) => void,
  ) {
    this.#queue = queue;
    this.#blobs = blobs;
    this.#named = named;
    this.#onTrouble = onTrouble;
  }

  /** The messages of one event. Those that cannot be read are left to come again, until they are dead letters. */
  async receive(records: readonly MessageRecord[]): Promise<EventMessages> {
    const ids = records.map(({ messageId }) => messageId);
    for (const id of ids) this.#open.add(id);
    const read = await Promise.all(
      records.map((record) => this.#taken(record).catch(this.#onTrouble)),
    );
    return {
      taken: read.filter((one) => one !== undefined),
      failures: () => ({
        batchItemFailures: ids
          .filter((id) => this.#open.delete(id))
          .map((itemIdentifier) => ({ itemIdentifier })),
      }),
    };
  }

  async #taken({ messageId, body, attributes, eventSourceARN }: MessageRecord): Promise<Taken> {
    return {
      queue: this.#named(eventSourceARN.slice(eventSourceARN.lastIndexOf(':') + 1)),
      body: await fromText(body, this.#blobs),
      receipt: messageId,
      receiveCount: Number(attributes.ApproximateReceiveCount),
      sentAt: Number(attributes.SentTimestamp),
    };
  }

  async remove(receipts: readonly string[]): Promise<void> {
    for (const receipt of receipts) this.#open.delete(receipt);
    const others = receipts.filter(isForeign);
    if (others.length > 0) await this.#queue.remove(others);
  }

  async extend(receipts: readonly string[], visibilityMs: number): Promise<void> {
    const others = receipts.filter(isForeign);
    if (others.length > 0) await this.#queue.extend(others, visibilityMs);
  }

  send: Queue['send'] = (messages) => this.#queue.send(messages);
  take: Queue['take'] = (options) => this.#queue.take(options);
  depth: Queue['depth'] = (queue) => this.#queue.depth(queue);
}

/** Receipts of the queue itself begin with its address; an event's messages go by their ids. */
const isForeign = (receipt: string): boolean => receipt.includes(' ');
