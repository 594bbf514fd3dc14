import type { Mistakes } from './mistakes.ts';
import { type Entry, kindOf, type Node, quoted } from './tree.ts';

const units: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
];
const unitMs = new Map(units);
export const timeMsMax = 366 * 86_400_000;

/** Of the JSON Schema as well. */
export const timePattern = '^([0-9]+(\\.[0-9]+)?(ms|s|m|h|d))+$';
const time = new RegExp(timePattern);
const part = /([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)/g;
const example = 'such as "90s", "5m" or "2h"';

/** `90s`, `1h30m`, `250ms` in milliseconds; undefined for anything else. */
export function parseTime(text: string): number | undefined {
  if (text.length > 50 || !time.test(text)) return undefined;
  let ms = 0;
  for (const [, count, unit] of text.matchAll(part))
    ms += Number(count) * (unitMs.get(unit as string) as number);
  return Math.round(ms);
}

/** In the largest unit that keeps it a whole number. */
export function printTime(ms: number): string {
  const [unit, size] = units.find(([, size]) => ms % size === 0) as readonly [string, number];
  return ms === 0 ? '0s' : `${ms / size}${unit}`;
}

/** A field that is a length of time; `zero` says whether it may be none at all. */
export function timeOf(
  entry: Entry,
  zero: 'zero' | 'positive',
  mistakes: Mistakes,
): number | undefined {
  const ms = timeAt(entry.value, quoted(entry.key), mistakes);
  if (ms === 0 && zero === 'positive')
    return mistakes.add(entry.value, `${quoted(entry.key)} must be longer than 0`);
  return ms;
}

export function timeAt(node: Node, what: string, mistakes: Mistakes): number | undefined {
  const value = node.kind === 'value' ? node.value : undefined;
  if (typeof value === 'number')
    return mistakes.add(node, `${what} needs a unit, ${example}: not ${value}`);
  const ms = typeof value === 'string' ? parseTime(value) : undefined;
  if (ms === undefined)
    return mistakes.add(node, `${what} must be a time, ${example}, not ${kindOf(node)}`);
  if (ms > timeMsMax) return mistakes.add(node, `${what} is longer than 366 days`);
  return ms;
}
