import { Problem } from '../contract/problem.ts';
import { chance } from '../core/chance.ts';

/**
 * Where a reader of events stands. Packs are numbered by their runner, so the last number of each runner is exact: no
 * event is passed over, in whatever order packs arrive.
 */
export interface Cursor {
  /** The last pack read of each runner. */
  readonly packs: Record<string, string>;
  /** Marks of the mixed packs, lost attempts and controls that were read. */
  readonly seen: string[];
  /** Starts that were told of attempts still at work. */
  readonly started: string[];
  /** Parents of which a sub-task's end was told, and whose own was not: the next page looks at them again. */
  readonly parents: number[];
  generation: number;
  /** Of an ended run: the task from which on the verdicts that nobody reported are still to be told. */
  verdicts: number;
  ended: boolean;
}

/** Whether all has been told: nothing more will come, unless the run is run again. */
export const isTold = (next: string | null): boolean => parseCursor(next ?? undefined).ended;

export function parseCursor(text: string | undefined): Cursor {
  if (text === undefined) return beginning();
  try {
    const cursor = { ...beginning(), ...(JSON.parse(text) as Cursor) };
    const { seen, started, parents, packs } = cursor;
    if ([seen, started, parents].every(Array.isArray) && packs !== null) return cursor;
  } catch {
    // Said below.
  }
  throw new Problem('input-invalid', 'after is not a cursor of this list of events');
}

const beginning = (): Cursor => ({
  packs: {},
  seen: [],
  started: [],
  parents: [],
  generation: 1,
  verdicts: 0,
  ended: false,
});

/** A name in few letters, as a cursor travels in addresses. Two that share one cost one event. */
export const markOf = (name: string): string =>
  Math.floor(chance(name, 0, 0) * 2 ** 32).toString(36) +
  Math.floor(chance(name, 1, 1) * 36 ** 2).toString(36);
