import { instantOf } from '../core/schedule-zone.ts';

const shape =
  /^(\d{4,6})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.](\d{1,3})\d*)?)?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?$/i;
const yearMax = 9999;

/**
 * An instant in ISO 8601; without `Z` or an offset it is what the clocks of `zone` show. Undefined for what is no date, such
 * as 30 February.
 */
export function parseInstant(text: string, zone: string): number | undefined {
  const found = shape.exec(text.trim());
  if (found === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = ''] = found;
  const parts = [year, month, day, hour ?? 0, minute ?? 0, second ?? 0].map(Number);
  const wall = wallOf(parts);
  if (wall === undefined) return undefined;
  const at = wall + Number(fraction.padEnd(3, '0'));
  const offset = found[8];
  return offset === undefined ? instantOf(zone, at) : at - offsetMs(offset);
}

function wallOf(parts: readonly number[]): number | undefined {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts;
  if (year > yearMax || hour > 24 || minute > 59 || second > 59) return undefined;
  if (hour === 24 && minute + second > 0) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  return date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000;
}

function offsetMs(text: string): number {
  if (/^z$/i.test(text)) return 0;
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)?$/.exec(text) ?? [];
  const ms = (Number(hours) * 60 + Number(minutes ?? 0)) * 60_000;
  return sign === '-' ? -ms : ms;
}
