/** What every provisioner minds, towards those who ask it and towards what it asks. */
import { Unavailable } from '../ports/table.ts';

/** More runners than this nobody has: who says so is wrong. */
export const believedMax = 1_000_000;

/** What may be asked for. A wrong count must not become a bill. */
export function withinCap(runners: number, cap: number): number {
  if (!Number.isInteger(runners) || runners < 0)
    throw new RangeError(`${runners} is no number of runners`);
  return Math.min(runners, cap);
}

/** A count that came from outside. */
export function believedCount(value: unknown, what: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= believedMax)
    return value;
  throw new Unavailable(`${what} is no number of runners: ${String(value).slice(0, 40)}`);
}

/** What is known of a pool. Throws when nothing is. */
export function poolOf<Pool>(pools: Readonly<Record<string, Pool>>, pool: string): Pool {
  const found = Object.hasOwn(pools, pool) ? pools[pool] : undefined;
  if (found === undefined) throw new Error(`there is no pool ${pool} whose runners could be set`);
  return found;
}
