import type { SlotRef } from '../contract/task-message.ts';
import type { Ports } from '../ports/ports.ts';
import { type Item, Unavailable } from '../ports/table.ts';
import { asData } from './items.ts';
import { limitPartition, slotSort } from './limit-items.ts';
import { isHeldBy, readSlots, type StoredSlot, slotOf } from './limit-place.ts';
import type { AttemptName } from './lost.ts';
import type { EngineSettings } from './settings.ts';

type Needs = Pick<Ports, 'table' | 'clock'>;

interface Limited extends AttemptName {
  readonly slots: readonly SlotRef[] | undefined;
}

/**
 * Writes a runner into the slots of attempts that it has claimed: from then on nobody takes these away before it has said
 * that they are over, or is gone. The answer holds those that have all of theirs.
 */
export async function confirmSlots<T extends Limited>(
  ports: Needs,
  settings: EngineSettings,
  owner: string,
  attempts: readonly T[],
): Promise<ReadonlySet<T>> {
  const confirmed = new Set<T>();
  const all = await Promise.all(
    attempts.map((one) => confirmOne(ports, settings, owner, one, one.slots ?? [])),
  );
  for (const [i, one] of attempts.entries()) if (all[i]) confirmed.add(one);
  return confirmed;
}

/** Sent without slots, it is due now, and has not asked. */
async function confirmOne(
  ports: Needs,
  settings: EngineSettings,
  owner: string,
  attempt: AttemptName,
  slots: readonly SlotRef[],
): Promise<boolean> {
  if (slots.length === 0) return false;
  for (const [place, index] of slots)
    if (!(await confirmSlot(ports, settings, owner, attempt, place, index))) return false;
  return true;
}

const triesMax = 20;

async function confirmSlot(
  ports: Needs,
  settings: EngineSettings,
  owner: string,
  attempt: AttemptName,
  place: string,
  index: number,
): Promise<boolean> {
  // A rate gives tokens, which nobody takes back.
  if (index < 0) return true;
  const key = { partition: limitPartition(settings.namespace, place), sort: slotSort(index) };
  let item = await ports.table.get(key);
  for (let tries = 0; tries < triesMax; tries++) {
    const slot = await slotFor(ports, settings, place, attempt, item);
    if (slot?.holder === undefined) return false;
    if (slot.holder.owner !== undefined) return slot.holder.owner === owner;
    const { data, sort, version } = slot.item;
    const confirmed = asData({ ...data, owner, confirmedAt: ports.clock.now() });
    const next = { ...key, sort, version: version + 1, data: confirmed };
    const put = await ports.table.put(next, { version });
    if (put.done) return true;
    item = put.found;
  }
  throw new Unavailable(`slots of ${place} are contended`);
}

/** Two deciders may have granted one each, and one of them has taken its own back: then it is another one. */
async function slotFor(
  ports: Needs,
  settings: EngineSettings,
  place: string,
  attempt: AttemptName,
  item: Item | undefined,
): Promise<StoredSlot | undefined> {
  const slot = item && slotOf(item);
  if (slot !== undefined && isHeldBy(slot, attempt)) return slot;
  return (await readSlots(ports, settings, place)).find((one) => isHeldBy(one, attempt));
}
