import type { LimitedBy } from '../contract/limits.ts';
import type { Rate } from './token-bucket.ts';

/** Most that one bound can allow at once: its slots are looked at together. */
export const slotsMax = 1_000;

/** What is known of a limit: of a shared one, what was set last. */
export type Bounds = Pick<LimitedBy, 'max' | 'sum' | 'rate'>;

/** One bound of one key, or of all keys of a limit together. Attempts hold slots of it, or get tokens from it. */
export interface Place {
  /** Names it in the table. */
  readonly name: string;
  /** As users name it: `workflow/limit`, of a shared one its name. */
  readonly limit: string;
  readonly key: string | undefined;
  readonly kind: 'key' | 'all' | 'rate';
  /** Slots. 0 for a rate. */
  readonly max: number;
  readonly rate: Rate | undefined;
  /** How many tokens an attempt takes. */
  readonly units: number;
  /** Who waits here takes turns with those of other groups. */
  readonly group: string;
}

const ranks = { key: 0, all: 1, rate: 2 } as const;

/** The one order in which places are asked, by everybody: so nobody waits in a ring. Rates last: a token is not kept. */
export const placeOrder = (a: Place, b: Place): number =>
  ranks[a.kind] - ranks[b.kind] || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

/** A task's limits, each with its bounds and the value of its key. */
export interface Bounded {
  readonly limit: LimitedBy;
  readonly bounds: Bounds;
  /** Undefined: it has no key. */
  readonly key: string | undefined;
}

/** The places that a task's attempt needs, in the order in which it asks them. */
export function placesOf(workflow: string, task: string, limits: readonly Bounded[]): Place[] {
  const first = limits.find(({ key }) => key !== undefined)?.key;
  const group = first === undefined ? '' : textOfKey(first);
  return limits.flatMap((one) => placesOfOne(workflow, task, group, one)).sort(placeOrder);
}

function placesOfOne(
  workflow: string,
  task: string,
  group: string,
  { limit: own, bounds, key }: Bounded,
): Place[] {
  const limit = own.shared ? (own.name as string) : `${workflow}/${own.name ?? task}`;
  const units = own.units ?? 1;
  // Who waits for one key is of one group; who waits for all of them takes turns by key.
  const shape = {
    limit,
    key,
    max: 0,
    rate: undefined,
    units,
    group: key === undefined ? group : '',
  };
  const keyed = key === undefined ? '' : textOfKey(key);
  const places: Place[] = [];
  if (bounds.max !== undefined)
    places.push(
      key === undefined
        ? { ...shape, name: limit, kind: 'all', max: bounds.max }
        : { ...shape, name: `${limit}=${keyed}`, kind: 'key', max: bounds.max },
    );
  if (bounds.sum !== undefined)
    places.push({
      ...shape,
      key: undefined,
      name: `${limit}+`,
      kind: 'all',
      max: bounds.sum,
      group,
    });
  if (bounds.rate !== undefined) {
    const rate = { ...bounds.rate, burst: Math.max(bounds.rate.burst ?? 1, units) };
    places.push({ ...shape, name: `${limit}@${keyed}`, kind: 'rate', rate });
  }
  return places;
}

const keyLengthMax = 200;

/** A key as a part of a name in the table: none of its characters means anything there. */
export function textOfKey(key: string): string {
  const text = encodeURIComponent(wellFormed(key)).replaceAll('~', '%7E').replaceAll('!', '%21');
  return text.length <= keyLengthMax ? text : `${text.slice(0, keyLengthMax)}.${hashOf(key)}`;
}

/** Half of a character, which no UTF-8 can hold. */
const wellFormed = (text: string): string =>
  text.replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, '\uFFFD');

/** Tells long keys apart whose beginnings are the same (two of FNV-1a, with other seeds). */
function hashOf(text: string): string {
  let a = 0x811c9dc5;
  let b = 0x9dc5811c;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ (code + i), 0x85ebca6b);
  }
  return (a >>> 0).toString(36) + (b >>> 0).toString(36) + text.length.toString(36);
}

/** Who holds a slot: an attempt's name, and what its runner has said. */
export interface SlotHolder {
  readonly run: string;
  readonly task: number;
  readonly attempt: number;
  readonly generation: number;
  /** Epoch ms. */
  readonly at: number;
  /** Where it waited in the line, while that may still be there. */
  readonly wait?: string;
  /** The runner that has made sure that it is its attempt's: only that one's end frees it. */
  readonly owner?: string;
  readonly confirmedAt?: number;
}

/** As it is stored; a slot that nobody ever had is not. */
export interface Slot {
  readonly index: number;
  readonly holder: SlotHolder | undefined;
  /** The group that had it last. */
  readonly group: string;
}

/**
 * The slots that may be granted, those that were freed before those that nobody had. Where the bound was lowered, what is
 * held beyond it counts.
 */
export function freeSlots(slots: readonly Slot[], max: number): readonly Slot[] {
  const held = slots.filter(({ holder }) => holder !== undefined).length;
  const left = max - held;
  if (left <= 0) return [];
  const free = slots.filter(({ holder, index }) => holder === undefined && index < max);
  const known = new Set(slots.map(({ index }) => index));
  for (let index = 0; index < max && free.length < left; index++)
    if (!known.has(index)) free.push({ index, holder: undefined, group: '' });
  return free.slice(0, left);
}

/** Whether a slot may be taken from who holds it: by its runner's word, or since nobody has begun on it. */
export const mayBeFreed = ({ owner }: SlotHolder, byRunner: boolean): boolean =>
  byRunner || owner === undefined;
