import type { Ports } from '../ports/ports.ts';
import type { Item } from '../ports/table.ts';
import { allShards, sortable } from './items.ts';
import { pagesOf } from './pages.ts';
import { duePartition, scheduleOf } from './schedule-items.ts';
import { type Scheduler, type StartHint, startMessage } from './scheduler.ts';

/** How late the index may be; what was said for that long is said again. */
const indexLagMs = 10_000;
/** Messages that say so at the time should have been handled after so long. */
const overdueMs = 5_000;

/**
 * Says to the queue what is due soon, so that it comes at its time to the second, and again what should have been handled
 * long ago: its message was lost. Remembers how far it has said; a process that begins anew says all of it again, which
 * starts nothing twice. Returns how many it said again. Expected: none.
 */
export function scheduleSweep(
  scheduler: Pick<Scheduler, 'ports' | 'settings'>,
): () => Promise<{ readonly again: number }> {
  const { ports, settings } = scheduler;
  let said = Number.NEGATIVE_INFINITY;
  return async () => {
    const now = ports.clock.now();
    const horizon = now + settings.scheduleAheadMs;
    let again = 0;
    for (const shard of allShards(settings)) {
      const partition = duePartition(settings.namespace, shard);
      const range = { partition, to: sortable(horizon, '~') };
      for await (const items of pagesOf(ports.table, range, 'active'))
        again += await sayDue(ports, items, said - indexLagMs);
    }
    said = horizon;
    return { again };
  };
}

async function sayDue(
  { queue, clock }: Pick<Ports, 'queue' | 'clock'>,
  items: readonly Item[],
  said: number,
): Promise<number> {
  const now = clock.now();
  const hints = items.flatMap((item): StartHint[] => {
    const { name, wakeAt } = scheduleOf(item).schedule;
    return wakeAt === undefined ? [] : [{ schedule: name, at: wakeAt }];
  });
  const overdue = hints.filter(({ at }) => at < now - overdueMs);
  const fresh = hints.filter(({ at }) => at >= now - overdueMs && at > said);
  const messages = [...overdue, ...fresh].map((hint) => startMessage(hint, now));
  if (messages.length > 0) await queue.send(messages);
  return overdue.length;
}
