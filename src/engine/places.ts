import type { Place } from '../core/limits.ts';
import type { Decider } from './decider.ts';
import { asData } from './items.ts';
import { keepLast } from './keep-last.ts';
import { placeKey } from './limit-items.ts';

/** How often a process notes again that a place is in use. */
const noteMs = 3_600_000;
const keptMax = 20_000;

const noted = new WeakMap<Decider, Map<string, Noted>>();

interface Noted {
  readonly at: number;
  readonly text: string;
}

/** What the list of places says of one. */
export type PlaceNote = Place & { readonly at: number };

/** Puts a place into the list of those that are looked at, with its bounds as they are now. */
export async function notePlace(decider: Decider, place: Place): Promise<void> {
  const { ports, settings } = decider;
  const at = ports.clock.now();
  const own = noted.get(decider) ?? new Map<string, Noted>();
  noted.set(decider, own);
  // Whose turn it is, and how much they take, is of each attempt.
  const shared = { ...place, group: '', units: 1 };
  const text = JSON.stringify(shared);
  const before = own.get(place.name);
  if (before?.text === text && at - before.at < noteMs) return;
  const data = asData({ ...shared, at });
  await ports.table.put({ ...placeKey(settings, place.name), version: at, data }, 'any');
  own.delete(place.name);
  own.set(place.name, { at, text });
  keepLast(own, keptMax);
}
