import type { JsonObject } from '../contract/json.ts';

export interface Outgoing {
  readonly queue: string;
  readonly body: JsonObject;
  /** At most 15 minutes. */
  readonly delayMs?: number;
}

export interface Taken {
  readonly queue: string;
  readonly body: JsonObject;
  /** Names this delivery of the message, not the message. */
  readonly receipt: string;
  /** 1 at the first delivery. */
  readonly receiveCount: number;
  /** Epoch ms. */
  readonly sentAt: number;
}

export interface TakeOptions {
  /** In the order in which they are asked. */
  readonly queues: readonly string[];
  readonly max: number;
  /** How long to wait for a first message; 0: not at all. */
  readonly waitMs: number;
  /** For how long nobody else gets the messages. */
  readonly visibilityMs: number;
}

/**
 * Hints, never the truth. At least once, in no promised order; a message may be delivered twice, also after `remove`.
 * `remove` and `extend` with an old receipt do nothing and say nothing. A message that was received too often goes to
 * the queue `dead`, with its body as it was and `queue` as the field `from` beside it: `{ from, body }`.
 *
 * A body may have some megabytes: what a service does not take in one message its adapter puts elsewhere, and sends a
 * reference to it.
 */
export interface Queue {
  /** Throws `Unavailable` when at least one message was not sent; some may have been. */
  send(messages: readonly Outgoing[]): Promise<void>;
  take(options: TakeOptions): Promise<readonly Taken[]>;
  extend(receipts: readonly string[], visibilityMs: number): Promise<void>;
  remove(receipts: readonly string[]): Promise<void>;
  /** About how many messages wait and are in flight, delayed ones not counted. */
  depth(queue: string): Promise<{ readonly waiting: number; readonly inFlight: number }>;
}

/** Delays and waits beyond this are the table's business. */
export const delayMsMax = 15 * 60_000;
