import type { SlotRef } from '../contract/task-message.ts';
import { freeSlots, mayBeFreed, type Place, type Slot, type SlotHolder } from '../core/limits.ts';
import type { Ports } from '../ports/ports.ts';
import type { Item, Put } from '../ports/table.ts';
import { asData, fromData } from './items.ts';
import { limitPartition, limitSorts, slotSort } from './limit-items.ts';
import { type Waiter, waiterOf } from './limit-line.ts';
import type { AttemptName } from './lost.ts';
import { pagesOf } from './pages.ts';
import type { EngineSettings } from './settings.ts';

/** What an attempt has of a place. */
export interface Grant {
  /** Undefined: tokens. */
  readonly slot: number | undefined;
  /** Not to start before, epoch ms; 0: at once. */
  readonly at: number;
  /** Where it waited in the line, if that was not tidied up yet. */
  readonly wait: string | undefined;
}

/** Who asks for something of a place. */
export interface Asker extends AttemptName {
  readonly generation: number;
  readonly group: string;
  readonly units: number;
  /** Where it waits in the line; undefined: it does not. */
  readonly wait: string | undefined;
}

/** `contended`: others changed the place, which is to be looked at anew. */
export type Answer = Grant | 'none' | 'contended';

/** A place as it was a moment ago. Each change is refused that does not rest on what is there. */
export interface PlaceAtHand {
  /** So many might be granted something. */
  readonly free: number;
  /** The group that had a turn last. */
  readonly turn: string;
  /** What attempts have already, in their order. */
  standing(attempts: readonly AttemptName[]): Promise<readonly (Grant | undefined)[]>;
  /** Who was given a slot from the line, and still stands in it: perhaps nobody has sent it. */
  unsent(): Promise<readonly Waiter[]>;
  /** Gives to each, the first ones first. One answer each, in order. */
  grant(askers: readonly Asker[]): Promise<readonly Answer[]>;
  /** What these attempts have is anybody's. */
  release(attempts: readonly Releasing[]): Promise<void>;
}

export interface Releasing extends AttemptName {
  readonly byRunner: boolean;
}

type Needs = Pick<Ports, 'table' | 'clock'>;

export interface StoredSlot extends Slot {
  readonly item: Item;
}

/** A slot that was freed vanishes after so long: later than anybody could still believe to hold it. */
const emptyMs = 86_400_000;

/** All slots that somebody has, or had not long ago. */
export async function readSlots(
  { table }: Pick<Ports, 'table'>,
  { namespace }: EngineSettings,
  place: string,
): Promise<readonly StoredSlot[]> {
  const slots: StoredSlot[] = [];
  const range = { partition: limitPartition(namespace, place), from: limitSorts.slot, to: 'SLOT$' };
  for await (const items of pagesOf(table, range)) slots.push(...items.map(slotOf));
  return slots;
}

export function slotOf(item: Item): StoredSlot {
  const { group, ...holder } = fromData<SlotHolder & { group: string }>(item.data);
  const index = Number(item.sort.slice(limitSorts.slot.length));
  return { index, group, holder: 'run' in holder ? holder : undefined, item };
}

export const isHeldBy = ({ holder }: Slot, { run, task, attempt }: AttemptName): boolean =>
  holder?.run === run && holder.task === task && holder.attempt === attempt;

/** The put that empties a slot. Its version goes on, so that who believes to have it is refused. */
export const emptied = ({ item, group }: StoredSlot, now: number): Put => ({
  item: {
    partition: item.partition,
    sort: item.sort,
    version: item.version + 1,
    data: { group },
    expiresAt: now + emptyMs,
  },
  condition: { version: item.version },
});

/** What an attempt was given, and no runner is known to be at, is anybody's. */
export async function giveBack(
  ports: Needs,
  settings: EngineSettings,
  one: AttemptName,
  slots: readonly SlotRef[],
): Promise<void> {
  for (const [place, index] of slots) {
    const held = (await readSlots(ports, settings, place)).find((slot) => slot.index === index);
    if (held === undefined || !isHeldBy(held, one) || held.holder?.owner !== undefined) continue;
    await ports.table.putMany([emptied(held, ports.clock.now())]);
  }
}

/** Two deciders may have given it one each: of these, the one that was given here is given back. */
export async function keepOne(
  ports: Needs,
  settings: EngineSettings,
  place: string,
  one: AttemptName,
  given: readonly SlotRef[],
): Promise<void> {
  const own = (await readSlots(ports, settings, place)).filter((slot) => isHeldBy(slot, one));
  if (own.length < 2) return;
  await giveBack(
    ports,
    settings,
    one,
    given.filter(([name]) => name === place),
  );
}

export async function openSlots(
  ports: Needs,
  settings: EngineSettings,
  place: Place,
): Promise<PlaceAtHand> {
  const slots = await readSlots(ports, settings, place.name);
  const free = freeSlots(slots, place.max);
  const partition = limitPartition(settings.namespace, place.name);
  return {
    free: free.length,
    turn: free[0]?.group ?? '',
    standing: async (attempts) =>
      attempts.map((one) => {
        const slot = slots.find((candidate) => isHeldBy(candidate, one));
        return slot && { slot: slot.index, at: 0, wait: slot.holder?.wait };
      }),
    async unsent() {
      const sorts = slots.flatMap(({ holder }) =>
        holder?.wait === undefined || holder.owner !== undefined ? [] : [holder.wait],
      );
      if (sorts.length === 0) return [];
      const items = await ports.table.getMany(sorts.map((sort) => ({ partition, sort })));
      return items.flatMap((item) => (item === undefined ? [] : [waiterOf(item)]));
    },
    async grant(askers) {
      const now = ports.clock.now();
      const puts = askers.slice(0, free.length).map((asker, i): Put => {
        const { index } = free[i] as Slot;
        const before = slots.find((slot) => slot.index === index)?.item;
        const item = { partition, sort: slotSort(index), version: (before?.version ?? 0) + 1 };
        const condition = before ? { version: before.version } : ('absent' as const);
        return { item: { ...item, data: asData(heldBy(asker, now)) }, condition };
      });
      const results = await ports.table.putMany(puts);
      return askers.map(({ wait }, i): Answer => {
        if (i >= puts.length) return 'none';
        if (results[i]?.done !== true) return 'contended';
        return { slot: (free[i] as Slot).index, at: 0, wait };
      });
    },
    async release(attempts) {
      const now = ports.clock.now();
      const names = attempts.flatMap((one) =>
        slots
          .filter((slot) => isHeldBy(slot, one))
          .filter(({ holder }) => mayBeFreed(holder as SlotHolder, one.byRunner)),
      );
      if (names.length > 0) await insistOnEmpty(ports, settings, place, attempts, names, now);
    },
  };
}

const heldBy = ({ run, task, attempt, generation, group, wait }: Asker, at: number) => ({
  run,
  task,
  attempt,
  generation,
  at,
  group,
  ...(wait !== undefined && { wait }),
});

const triesMax = 20;

/** A runner may write itself into a slot meanwhile: then it is looked at again. */
async function insistOnEmpty(
  ports: Needs,
  settings: EngineSettings,
  place: Place,
  attempts: readonly Releasing[],
  first: readonly StoredSlot[],
  now: number,
): Promise<void> {
  let slots = first;
  for (let tries = 0; tries < triesMax && slots.length > 0; tries++) {
    const results = await ports.table.putMany(slots.map((slot) => emptied(slot, now)));
    if (results.every(({ done }) => done)) return;
    const found = await readSlots(ports, settings, place.name);
    slots = found.filter((slot) =>
      attempts.some(
        (one) =>
          isHeldBy(slot, one) && slot.holder !== undefined && mayBeFreed(slot.holder, one.byRunner),
      ),
    );
  }
}
