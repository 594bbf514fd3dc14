/** When a schedule is due: its slots. All instants and lengths of time in ms. */
import { chance } from './chance.ts';
import { type CronFields, nextWallTime } from './schedule-cron.ts';
import { type ClockChange, lastChange, nextChange, offsetAt } from './schedule-zone.ts';

/**
 * What becomes of times of day that a change of the clocks leaves out, or brings twice.
 *
 * | | left out | comes twice |
 * | --- | --- | --- |
 * | `once` | as much later as the clocks were put forward | the first time |
 * | `skip` | left out | the first time |
 * | `both` | as with `once` | both times |
 *
 * An expression that names every hour is a beat, not a time of day: it keeps its beat whatever the clocks show.
 */
export type DstPolicy = 'once' | 'skip' | 'both';

export type Recurrence =
  | { readonly kind: 'cron'; readonly fields: CronFields; readonly dst: DstPolicy }
  | { readonly kind: 'every'; readonly everyMs: number; readonly anchor: number }
  | { readonly kind: 'at'; readonly at: number };

/** Days on which nothing is due, in the zone's calendar. A day's number is that of days since 1970-01-01. */
export interface Exclusions {
  /** First and last day. */
  readonly days: readonly (readonly [number, number])[];
  /** Each year's: month × 100 + day. */
  readonly yearly: readonly number[];
  /** From Sunday, 0. */
  readonly weekdays: readonly number[];
}

export interface Timing {
  readonly recurrence: Recurrence;
  readonly zone: string;
  /** No slot is before. */
  readonly start?: number;
  /** No slot is then or later. */
  readonly end?: number;
  readonly exclude?: Exclusions;
  /** A slot's run starts up to so much later. */
  readonly jitterMs?: number;
}

const dayMs = 86_400_000;
/** After so many days that are all excluded there is nothing more to come. */
const excludedMax = 20 * 366;
const instantMax = Date.UTC(10_000, 0, 1) - 1;

/** The first slot after `after`. */
export function nextSlot(timing: Timing, after: number): number | undefined {
  const { start, end = instantMax + 1, exclude, zone } = timing;
  let from = Math.max(after + 1, start ?? Number.NEGATIVE_INFINITY);
  for (let excluded = 0; excluded <= excludedMax; excluded++) {
    const slot = from > instantMax ? undefined : nextOf(timing, from);
    if (slot === undefined || slot >= end || slot > instantMax) return undefined;
    const day = Math.floor((slot + offsetAt(zone, slot)) / dayMs);
    if (exclude === undefined || !isExcluded(exclude, day)) return slot;
    from = dayEnd(zone, slot, lastExcluded(exclude, day));
  }
  return undefined;
}

/** When the run of a slot starts: the same for all who ask. */
export function startOfSlot({ jitterMs = 0 }: Timing, schedule: string, slot: number): number {
  if (jitterMs === 0) return slot;
  const seconds = Math.floor(slot / 1000);
  return slot + Math.floor(chance(schedule, seconds | 0, slot % 1000) * (jitterMs + 1));
}

/** At or after `from`. */
function nextOf({ recurrence, zone }: Timing, from: number): number | undefined {
  switch (recurrence.kind) {
    case 'at':
      return recurrence.at >= from ? recurrence.at : undefined;
    case 'every': {
      const { anchor, everyMs } = recurrence;
      return anchor + Math.max(0, Math.ceil((from - anchor) / everyMs)) * everyMs;
    }
    case 'cron':
      return nextCronSlot(recurrence.fields, recurrence.dst, zone, from);
  }
}

const hoursOfDay = 24;

/** Goes from one change of the clocks to the next: between them the wall and UTC are a fixed time apart. */
function nextCronSlot(
  fields: CronFields,
  dst: DstPolicy,
  zone: string,
  first: number,
): number | undefined {
  for (let from = first; ; ) {
    const last = lastChange(zone, from);
    const slot = slotBetweenChanges(fields, dst, from, offsetAt(zone, from), last);
    if (slot === undefined) return undefined;
    const change = nextChange(zone, from, slot);
    if (change === undefined) return slot;
    from = change.at;
  }
}

function slotBetweenChanges(
  fields: CronFields,
  dst: DstPolicy,
  from: number,
  offset: number,
  last: ClockChange | undefined,
): number | undefined {
  const isBeat = fields.hours.length === hoursOfDay;
  const isRepeated = dst === 'both' || isBeat;
  const shownBefore = last && !isRepeated ? last.at + last.before : Number.NEGATIVE_INFINITY;
  const wall = nextWallTime(fields, Math.max(from + offset, shownBefore));
  if (wall === undefined) return undefined;
  const isMoved = dst !== 'skip' && !isBeat;
  const moved = last && isMoved ? movedSlot(fields, from, last) : undefined;
  return Math.min(wall - offset, moved ?? Number.POSITIVE_INFINITY);
}

/** Of the times that the clocks left out: they come as much later as the clocks were put forward. */
function movedSlot(fields: CronFields, from: number, last: ClockChange): number | undefined {
  const leftOut = nextWallTime(fields, from + last.before);
  if (leftOut === undefined || leftOut >= last.at + last.after) return undefined;
  return leftOut - last.before;
}

function isExcluded({ days, yearly, weekdays }: Exclusions, day: number): boolean {
  if (weekdays.includes((((day + 4) % 7) + 7) % 7)) return true;
  if (days.some(([first, last]) => day >= first && day <= last)) return true;
  if (yearly.length === 0) return false;
  const date = new Date(day * dayMs);
  return yearly.includes((date.getUTCMonth() + 1) * 100 + date.getUTCDate());
}

/** The end of a range that the day is in, or the day. */
const lastExcluded = ({ days }: Exclusions, day: number): number =>
  days.reduce(
    (end, [first, last]) => (day >= first && day <= last ? Math.max(end, last) : end),
    day,
  );

/** The first instant after a day of the zone's calendar, which is not before that of `slot`. */
function dayEnd(zone: string, slot: number, day: number): number {
  const wall = (day + 1) * dayMs;
  const guess = wall - offsetAt(zone, slot);
  const change = nextChange(zone, slot, guess + dayMs);
  if (change === undefined || change.at > guess) return guess;
  return Math.max(wall - offsetAt(zone, guess), change.at);
}
