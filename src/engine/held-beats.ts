import type { Item } from '../ports/table.ts';
import type { Decider } from './advance.ts';
import { allShards, fromData, type HeartbeatData, heartbeatPartition } from './items.ts';
import { pagesOf } from './pages.ts';

export interface Beating {
  /** The runner's incarnation. */
  readonly id: string;
  readonly beat: HeartbeatData;
}

/** Heartbeats whose lease holds: who holds none any more may be long gone. */
export async function heldBeats({ ports, settings }: Decider): Promise<readonly Beating[]> {
  const now = ports.clock.now();
  const shards = await Promise.all(
    allShards(settings).map(async (shard) => {
      const found: Item[] = [];
      const partition = heartbeatPartition(settings.namespace, shard);
      for await (const items of pagesOf(ports.table, { partition })) found.push(...items);
      return found;
    }),
  );
  return shards
    .flat()
    .map(({ sort, data }) => ({ id: sort, beat: fromData<HeartbeatData>(data) }))
    .filter(({ beat }) => beat.leaseUntil + settings.skewMs >= now);
}
