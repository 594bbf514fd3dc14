import type { Site } from '../../../src/adapters/memory/gate.ts';
import type { CallFault } from './faults.ts';

/** Bad luck that is aimed: calls of one kind, about one kind of thing, meet one fault again and again. */
export interface Aim {
  /** What the calls' sites begin with, such as `table.put`. */
  readonly site: string;
  /** What the sort keys that they are about begin with; empty: whatever they are about. */
  readonly about: string;
  readonly fault: CallFault;
  /** Chance for each call. */
  readonly rate: number;
}

export const nameOf = ({ site, about, fault }: Aim): string => `aim ${fault} ${site} ${about}`;

export const isAimedAt = ({ site, about }: Aim, at: Site, what: unknown): boolean =>
  at.startsWith(site) && (about === '' || keysOf(what).some((key) => key.startsWith(about)));

/** The sort keys that a call is about, as far as traces know: of keys, puts, and ranges. Of heartbeats, partitions. */
function keysOf(what: unknown): readonly string[] {
  if (Array.isArray(what)) return what.flatMap(keysOf);
  if (typeof what !== 'object' || what === null) return [];
  if ('item' in what) return keysOf(what.item);
  if ('key' in what) return keysOf(what.key);
  const { partition, sort, from } = what as Partial<Record<string, unknown>>;
  const key = sort ?? from;
  const held = typeof partition === 'string' && partition.includes('/RUNNERS#');
  if (held) return ['RUNNERS#'];
  return typeof key === 'string' ? [key] : [];
}
