/** Where the counts come from. */
import type { EmbeddedQueue } from '../../adapters/embedded/queue.ts';
import type { Decider } from '../../engine/advance.ts';
import { hearFeed, hearingMetas } from '../../engine/hear.ts';
import type { Item, Table } from '../../ports/table.ts';
import type { Tally } from './tally.ts';

export const countingTable = (table: Table, tally: Tally): Table =>
  hearingMetas(table, tally.stored);

/** Nobody who takes waits for who counts. */
export function countingQueue<Own extends EmbeddedQueue>(
  queue: Own,
  now: () => number,
  tally: Tally,
): Own {
  return {
    ...queue,
    take(options) {
      const taken = queue.take(options);
      void taken.then((messages) => {
        const at = now();
        for (const { queue: name, sentAt } of messages) tally.taken(name, at - sentAt);
      });
      return taken;
    },
  };
}

export function countFeed(items: readonly Item[], decider: Decider, tally: Tally): void {
  hearFeed(items, {
    reported: (run, report) => tally.reported(decider.runs.standing(run)?.workflow, report),
    lost: () => void tally.losses++,
  });
}
