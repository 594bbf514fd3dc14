import type { Place, SlotHolder } from '../core/limits.ts';
import { isCurrent, isKnown } from '../core/progress.ts';
import type { Item } from '../ports/table.ts';
import { sendOut } from './advance.ts';
import type { Decider } from './decider.ts';
import { allShards, fromData, type HeartbeatData, heartbeatKey } from './items.ts';
import { placesPartition } from './limit-items.ts';
import { Line } from './limit-line.ts';
import { emptied, readSlots, type StoredSlot } from './limit-place.ts';
import { pagesOf } from './pages.ts';
import { mayPass } from './passing.ts';
import type { PlaceNote } from './places.ts';
import { settleLimits } from './settle-limits.ts';

/** A place that nobody has used for so long leaves the list; who uses it notes it more often. */
const unusedMs = 3 * 3_600_000;

/**
 * Looks at every place that is in use: frees what is held by attempts that are over, and grants what is free. Returns how
 * many slots it freed; expected: none, as who folds an attempt's end has done it.
 */
export async function sweepLimits(decider: Decider): Promise<number> {
  const { ports, settings } = decider;
  let freed = 0;
  for (const shard of allShards(settings)) {
    const partition = placesPartition(settings.namespace, shard);
    for await (const items of pagesOf(ports.table, { partition }))
      for (const item of items) freed += await visit(decider, item);
  }
  return freed;
}

async function visit(decider: Decider, item: Item): Promise<number> {
  const { ports, settings } = decider;
  const place = fromData<PlaceNote>(item.data);
  const slots = await readSlots(ports, settings, place.name);
  const held = slots.filter(({ holder }) => holder !== undefined);
  const freed = await freeAbandoned(decider, held);
  if (freed > 0 || !(await new Line(ports, settings, place).isEmpty())) await serve(decider, place);
  else if (held.length === 0 && place.at + unusedMs < ports.clock.now())
    await ports.table.remove(item, { version: item.version });
  return freed;
}

/** A visit to all places once in a while, however often it is called. */
export function limitSweep(decider: Decider): () => Promise<number> {
  let next = 0;
  return async () => {
    const now = decider.ports.clock.now();
    if (now < next) return 0;
    next = now + decider.settings.wakeMs;
    return sweepLimits(decider);
  };
}

/** Grants what is free of a place to who waits for it. */
export async function serve(decider: Decider, place: Place): Promise<void> {
  const settled = await settleLimits(decider, [], [], [place]);
  await sendOut(decider, settled.sends, settled.impossible, []);
  await settled.done();
}

async function freeAbandoned(decider: Decider, held: readonly StoredSlot[]): Promise<number> {
  const { ports } = decider;
  let freed = 0;
  for (const slot of held) {
    if (!(await isAbandoned(decider, slot.holder as SlotHolder))) continue;
    const [result] = await ports.table.putMany([emptied(slot, ports.clock.now())]);
    if (result?.done) freed++;
  }
  return freed;
}

/** Whether who holds a slot is over, and no runner can still be at it. */
async function isAbandoned(decider: Decider, holder: SlotHolder): Promise<boolean> {
  const { ports, settings } = decider;
  const { leaseMs, skewMs } = settings;
  const now = ports.clock.now();
  if ((holder.confirmedAt ?? holder.at) + leaseMs + skewMs > now) return false;
  if (await isOpen(decider, holder)) return false;
  if (holder.owner === undefined) return true;
  const item = await ports.table.get(heartbeatKey(settings, holder.owner));
  const beat = item && fromData<HeartbeatData>(item.data);
  if (beat === undefined || beat.leaseUntil + skewMs < now) return true;
  const listed = beat.holds.some(
    ([run, task, attempt]) =>
      run === holder.run && task === holder.task && attempt === holder.attempt,
  );
  return !listed && beat.at > (holder.confirmedAt ?? 0) + leaseMs + skewMs;
}

/** What can't be read is no reason to take away what it has. */
async function isOpen(
  { runs, settings }: Decider,
  { run, task, attempt }: SlotHolder,
): Promise<boolean> {
  try {
    const loaded = await runs.look(run, !settings.soleDecider);
    if (loaded === undefined) return false;
    const { progress } = loaded;
    return !isKnown(progress, task, attempt) || isCurrent(progress, task, attempt);
  } catch (error) {
    if (mayPass(error)) throw error;
    return true;
  }
}
