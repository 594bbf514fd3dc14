import type { Blobs } from './blobs.ts';
import type { Clock } from './clock.ts';
import type { Ids } from './ids.ts';
import type { LogSink } from './log-sink.ts';
import type { Provisioner } from './provisioner.ts';
import type { Queue } from './queue.ts';
import type { Random } from './random.ts';
import type { Feed, Table } from './table.ts';

/** All that the engine needs of the world. A function asks for what it uses: `Pick<Ports, 'table' | 'clock'>`. */
export interface Ports {
  readonly table: Table;
  readonly feed: Feed;
  readonly queue: Queue;
  readonly blobs: Blobs;
  readonly logs: LogSink;
  readonly provisioner: Provisioner;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
}
