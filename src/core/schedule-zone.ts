/** What the clocks of a time zone show, from the rules that the runtime has. Lengths of time and instants in ms. */

/** Clocks were put forward or back at an instant: `before` and `after` are what they were ahead of UTC. */
export interface ClockChange {
  readonly at: number;
  readonly before: number;
  readonly after: number;
}

const dayMs = 86_400_000;
/** Longer than any clock was ever put forward or back. */
export const changeMsMax = 2 * dayMs;
const pageMs = 365 * dayMs;
/** Clocks that were put on and back again were left so for longer. */
const stepMs = 5 * dayMs;
const pagesMax = 4_000;

const formats = new Map<string, Intl.DateTimeFormat>();
const pages = new Map<string, readonly ClockChange[]>();

export function isZone(zone: string): boolean {
  try {
    formatOf(zone);
    return true;
  } catch {
    return false;
  }
}

/** How far its clocks are ahead of UTC. */
export function offsetAt(zone: string, at: number): number {
  const page = Math.floor(at / pageMs);
  const changes = changesOn(zone, page);
  for (const change of changes) if (at < change.at) return change.before;
  return changes.at(-1)?.after ?? offsetAtStart(zone, page);
}

/** The first change after `after`, up to `until`. */
export function nextChange(zone: string, after: number, until: number): ClockChange | undefined {
  for (let page = Math.floor(after / pageMs); page * pageMs <= until; page++)
    for (const change of changesOn(zone, page))
      if (change.at > after) return change.at <= until ? change : undefined;
  return undefined;
}

/** The last change that came at `at` or less than `changeMsMax` before. */
export function lastChange(zone: string, at: number): ClockChange | undefined {
  let last: ClockChange | undefined;
  for (let page = Math.floor((at - changeMsMax) / pageMs); page * pageMs <= at; page++)
    for (const change of changesOn(zone, page))
      if (change.at <= at && change.at > at - changeMsMax) last = change;
  return last;
}

const starts = new Map<string, number>();

function offsetAtStart(zone: string, page: number): number {
  const key = `${zone}#${page}`;
  let offset = starts.get(key);
  if (offset === undefined) {
    offset = readOffset(zone, page * pageMs);
    keep(starts, key, offset);
  }
  return offset;
}

/** Those in a page of 365 days, found once. */
function changesOn(zone: string, page: number): readonly ClockChange[] {
  const key = `${zone}#${page}`;
  let found = pages.get(key);
  if (found === undefined) {
    found = findChanges(zone, page * pageMs, (page + 1) * pageMs);
    keep(pages, key, found);
  }
  return found;
}

function keep<T>(map: Map<string, T>, key: string, value: T): void {
  if (map.size >= pagesMax) map.clear();
  map.set(key, value);
}

/** In (`from`, `to`]. */
function findChanges(zone: string, from: number, to: number): readonly ClockChange[] {
  const changes: ClockChange[] = [];
  let before = readOffset(zone, from);
  for (let at = from; at < to; at += stepMs) {
    const end = Math.min(at + stepMs, to);
    const after = readOffset(zone, end);
    if (after !== before) changes.push({ at: changeWithin(zone, at, end, before), before, after });
    before = after;
  }
  return changes;
}

/** The first second whose offset is not `before`. */
function changeWithin(zone: string, from: number, to: number, before: number): number {
  let low = Math.floor(from / 1000);
  let high = Math.ceil(to / 1000);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (readOffset(zone, middle * 1000) === before) low = middle;
    else high = middle;
  }
  return high * 1000;
}

function readOffset(zone: string, at: number): number {
  const text = formatOf(zone).format(at);
  const [, sign, hours, minutes, seconds] =
    /GMT(?:([+-])(\d+)(?::(\d+))?(?::(\d+))?)?$/.exec(text) ?? [];
  const size = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60 + Number(seconds ?? 0);
  return (sign === '-' ? -size : size) * 1000;
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
    if (formats.size >= pagesMax) formats.clear();
    formats.set(timeZone, format);
  }
  return format;
}

/**
 * The instant at which the clocks show a time, given as if they were in UTC: the first one when they do so twice; when
 * they never do, as much later as they were put forward.
 */
export function instantOf(zone: string, wall: number): number {
  const early = wall - offsetAt(zone, wall - dayMs);
  if (early + offsetAt(zone, early) === wall) return early;
  const late = wall - offsetAt(zone, wall + dayMs);
  return late + offsetAt(zone, late) === wall ? late : early;
}
