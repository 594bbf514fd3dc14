import type { Clock } from '../../ports/clock.ts';
import type { Ids } from '../../ports/ids.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Random } from '../../ports/random.ts';
import { BlobStore, memoryBlobs } from './blobs.ts';
import { type FeedLuck, FeedStore, memoryFeed } from './feed.ts';
import { type Gate, openGate } from './gate.ts';
import type { Host } from './host.ts';
import { LogStore, memoryLogs } from './logs.ts';
import { memoryProvisioner, PoolStore } from './provisioner.ts';
import { memoryQueue } from './queue.ts';
import { type QueueLuck, QueueStore } from './queue-store.ts';
import { memoryTable } from './table.ts';
import { type TableLuck, TableStore } from './table-store.ts';

/** What may be given to a system; calm by default. */
export interface SystemLuck {
  readonly table?: TableLuck;
  readonly feed?: FeedLuck;
  readonly queue?: QueueLuck;
  /** How often a message is delivered before it goes to the dead letters. */
  readonly receivesMax?: number;
}

/** All that several callers share. */
export interface MemorySystem {
  readonly host: Host;
  readonly table: TableStore;
  readonly feed: FeedStore;
  readonly queues: QueueStore;
  readonly blobs: BlobStore;
  readonly logs: LogStore;
  readonly pools: PoolStore;
}

/** A system in memory, its table's inserts already on their way to its feed. `onRefused`: why a feed's handler threw. */
export function memorySystem(
  host: Host,
  luck: SystemLuck = {},
  onRefused: (reason: unknown) => void = () => {},
): MemorySystem {
  const table = new TableStore(host, luck.table);
  const feed = new FeedStore(host, luck.feed, onRefused);
  table.onChange((after, before) => {
    if (after !== undefined && before === undefined) feed.insert(after);
  });
  const queues = new QueueStore(host, luck.queue, luck.receivesMax);
  const [blobs, logs, pools] = [new BlobStore(), new LogStore(), new PoolStore()];
  return { host, table, feed, queues, blobs, logs, pools };
}

/** What a caller brings of its own. */
export interface Caller {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  readonly gate?: Gate;
  /** Callers of one group share the records of their subscriptions; without one, each gets all. */
  readonly feedGroup?: string;
}

/** One caller's ports to the system. */
export function memoryPorts(system: MemorySystem, caller: Caller): Ports {
  const { gate = openGate, clock, ids, random } = caller;
  return {
    table: memoryTable(system.table, gate),
    feed: memoryFeed(system.feed, gate, caller.feedGroup),
    queue: memoryQueue(system.queues, system.host, gate),
    blobs: memoryBlobs(system.blobs, gate),
    logs: memoryLogs(system.logs, gate),
    provisioner: memoryProvisioner(system.pools, gate),
    clock,
    ids,
    random,
  };
}
