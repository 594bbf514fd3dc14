import type { MessageRecord } from '../../src/adapters/aws/event-queue.ts';
import type { QueueDirectory } from '../../src/adapters/aws/queue-directory.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Ports } from '../../src/ports/ports.ts';
import type { Item } from '../../src/ports/table.ts';
import type { Meter, Party } from './meter.ts';

/** Handles some inserts as one invocation of the fan-out does. */
export type OnBatch = (lane: number, items: readonly Item[]) => Promise<void>;

/** What a deployment stands on, metered: an AWS on this machine, or the ports in memory. */
export interface Substrate {
  readonly meter: Meter;
  /** One party's way to it; without a party nobody counts. */
  ports(party: Party | undefined, clock?: Clock): Ports;
  /** Where its queues are. */
  readonly directory: QueueDirectory;
  /** Begins to hand over inserts as Lambda does: each item by one of so many lanes. */
  openStream(lanes: number, onBatch: OnBatch): void;
  /** Up to ten messages of the default pool, as an event source brings them; none after a while. */
  receive(): Promise<readonly MessageRecord[]>;
  /** Deletes messages, as an event source does with those that are done. */
  remove(messages: readonly MessageRecord[]): Promise<void>;
  close(): Promise<void>;
}

/** Which lane an item goes by: always the same. */
export function laneOf(
  { partition, sort }: Pick<Item, 'partition' | 'sort'>,
  lanes: number,
): number {
  let hash = 0;
  for (const char of partition + sort) hash = (Math.imul(hash, 31) + char.charCodeAt(0)) >>> 0;
  return hash % lanes;
}
