import type { LimitedBy, RateLimit } from '../contract/limits.ts';
import { namePattern } from '../contract/name.ts';
import { fieldsOf, textOf, wholeOf } from './fields.ts';
import type { Mistakes } from './mistakes.ts';
import { badName } from './read-run.ts';
import { parseTime, printTime, timeMsMax } from './time.ts';
import { type Entry, isMap, kindOf, type Node, quoted } from './tree.ts';

/** Of a limit in full. */
export const limitKeys = ['name', 'shared', 'key', 'max', 'sum', 'rate', 'burst', 'units'] as const;
const known: ReadonlySet<string> = new Set(limitKeys);

/** How many limits a task may be under. */
export const limitsMax = 8;
export const slotsRange = { min: 1, max: 1_000 } as const;
export const tokensRange = { min: 1, max: 1_000_000 } as const;
/** Of the JSON Schema as well. */
export const ratePattern = '^[0-9]+ */ *([0-9]+(\\.[0-9]+)?)?(ms|s|m|h|d)$';
const rateText = new RegExp(ratePattern);

type Writable<T> = { -readonly [key in keyof T]: T[key] };

/** One limit, or a list of them: each a shared one's name, or a limit in full. */
export function readLimits(entry: Entry, mistakes: Mistakes): LimitedBy[] | undefined {
  const nodes = entry.value.kind === 'list' ? entry.value.items : [entry.value];
  if (nodes.length === 0)
    return mistakes.add(entry.value, '"limits" is empty: leave it out, or name a limit');
  if (nodes.length > limitsMax)
    return mistakes.add(entry.value, `a task may be under at most ${limitsMax} limits`);
  return nodes.flatMap((node) => readLimit(node, mistakes) ?? []);
}

function readLimit(node: Node, mistakes: Mistakes): LimitedBy | undefined {
  if (node.kind === 'value' && typeof node.value === 'string')
    return { name: nameOf({ key: 'limits', at: node.at, value: node }, mistakes), shared: true };
  if (!isMap(node))
    return mistakes.add(node, `a limit is a map, or a shared one's name, not ${kindOf(node)}`);
  const fields = fieldsOf(node, 'a limit', known, mistakes);
  const limit: Writable<LimitedBy> = {};
  for (const [key, entry] of fields)
    readers[key as (typeof limitKeys)[number]](limit, entry, mistakes);
  const burst = fields.get('burst');
  if (burst !== undefined) readBurst(limit, burst, mistakes);
  if (fields.has('name') && fields.has('shared'))
    mistakes.add(node, '"name" is a limit of this workflow, "shared" one of all: give one of them');
  return limit;
}

/** In the place of a bound that cannot be read; the mistake keeps it from ever being used. */
const unreadable = 1;

type Reader = (limit: Writable<LimitedBy>, entry: Entry, mistakes: Mistakes) => void;

const readers: Readonly<Record<(typeof limitKeys)[number], Reader>> = {
  name(limit, entry, mistakes) {
    limit.name = nameOf(entry, mistakes);
  },
  shared(limit, entry, mistakes) {
    limit.name = nameOf(entry, mistakes);
    limit.shared = true;
  },
  key(limit, entry, mistakes) {
    limit.key = textOf(entry, mistakes);
  },
  max(limit, entry, mistakes) {
    limit.max = wholeOf(entry, slotsRange, mistakes) ?? unreadable;
  },
  sum(limit, entry, mistakes) {
    limit.sum = wholeOf(entry, slotsRange, mistakes) ?? unreadable;
  },
  rate(limit, entry, mistakes) {
    limit.rate = rateOf(entry, mistakes) ?? { count: unreadable, perMs: unreadable };
  },
  burst: () => undefined,
  units(limit, entry, mistakes) {
    limit.units = wholeOf(entry, tokensRange, mistakes);
  },
};

function readBurst(limit: Writable<LimitedBy>, entry: Entry, mistakes: Mistakes): void {
  const burst = wholeOf(entry, tokensRange, mistakes);
  if (limit.rate === undefined) mistakes.add(entry, '"burst" belongs to a "rate"');
  else limit.rate = { ...limit.rate, burst };
}

function nameOf(entry: Entry, mistakes: Mistakes): string | undefined {
  const name = textOf(entry, mistakes);
  if (name !== undefined && !namePattern.test(name)) mistakes.add(entry.value, badName(name));
  return name;
}

function rateOf(entry: Entry, mistakes: Mistakes): RateLimit | undefined {
  const node = entry.value;
  const text = node.kind === 'value' && typeof node.value === 'string' ? node.value : undefined;
  const rate = text === undefined ? undefined : parseRate(text);
  if (rate !== undefined) return rate;
  return mistakes.add(
    node,
    `${quoted(entry.key)} must be a rate, such as "10/s" or "100/5m", not ${kindOf(node)}`,
  );
}

/** `10/s`, `100/5m`; undefined for anything else, and for none at all. */
export function parseRate(text: string): RateLimit | undefined {
  if (text.length > 50 || !rateText.test(text)) return undefined;
  const [count = '', per = ''] = text.split('/').map((part) => part.trim());
  const perMs = parseTime(/^[0-9]/.test(per) ? per : `1${per}`) ?? 0;
  const { min, max } = tokensRange;
  if (Number(count) < min || Number(count) > max || perMs < 1 || perMs > timeMsMax)
    return undefined;
  return { count: Number(count), perMs };
}

/** As an author writes it. */
export function printLimit({ name, shared, key, max, sum, rate, units }: LimitedBy): unknown {
  const more = {
    ...(key !== undefined && { key }),
    ...(max !== undefined && { max }),
    ...(sum !== undefined && { sum }),
    ...(rate !== undefined && { rate: `${rate.count}/${printTime(rate.perMs)}` }),
    ...(rate?.burst !== undefined && { burst: rate.burst }),
    ...(units !== undefined && { units }),
  };
  if (shared && Object.keys(more).length === 0) return name;
  return shared ? { shared: name, ...more } : { ...(name !== undefined && { name }), ...more };
}
