/** Who holds which attempts of a block of tasks: `[owner, nonce, claimed at, [place in the block, attempt][]]`. */
export type ClaimRow = readonly [
  owner: string,
  nonce: string,
  at: number,
  tasks: readonly (readonly [place: number, attempt: number])[],
];

export interface Claimer {
  readonly owner: string;
  /** New for each call, the same when that call is tried again: tells an own write that landed from another's. */
  readonly nonce: string;
  readonly at: number;
}

export interface Wish {
  readonly place: number;
  readonly attempt: number;
}

/** `granted`: by this call. Else who holds that attempt, or a later one, and since when. */
export type Answer =
  | { readonly granted: true }
  | {
      readonly granted: false;
      readonly owner: string;
      readonly at: number;
      readonly attempt: number;
    };

export interface Merged {
  /** What is to be written; undefined when there is nothing to write. */
  readonly rows: readonly ClaimRow[] | undefined;
  /** One for each wish, in order. */
  readonly answers: readonly Answer[];
}

/**
 * Decides claims on attempts of one block, given those that stand. An attempt is granted once, for ever; a later attempt
 * takes the place of an earlier one, which can't be had any more.
 */
export function mergeClaims(
  standing: readonly ClaimRow[],
  claimer: Claimer,
  wishes: readonly Wish[],
): Merged {
  const held = holders(standing);
  const taken = new Map<number, number>();
  const answers = wishes.map(({ place, attempt }): Answer => {
    const holder = held.get(place);
    if (taken.has(place)) return heldBy(claimer.owner, claimer.at, attempt);
    if (holder === undefined || holder.attempt < attempt) {
      taken.set(place, attempt);
      return { granted: true };
    }
    const [owner, nonce, at] = holder.row;
    const mine = nonce === claimer.nonce && holder.attempt === attempt;
    return mine ? { granted: true } : heldBy(owner, at, holder.attempt);
  });
  if (taken.size === 0) return { rows: undefined, answers };
  return { rows: [...without(standing, taken), rowOf(claimer, taken)], answers };
}

interface Holder {
  readonly row: ClaimRow;
  readonly attempt: number;
}

function holders(standing: readonly ClaimRow[]): ReadonlyMap<number, Holder> {
  const held = new Map<number, Holder>();
  for (const row of standing)
    for (const [place, attempt] of row[3]) held.set(place, { row, attempt });
  return held;
}

const heldBy = (owner: string, at: number, attempt: number): Answer => ({
  granted: false,
  owner,
  at,
  attempt,
});

const rowOf = (claimer: Claimer, taken: ReadonlyMap<number, number>): ClaimRow => [
  claimer.owner,
  claimer.nonce,
  claimer.at,
  [...taken],
];

function without(standing: readonly ClaimRow[], taken: ReadonlyMap<number, number>): ClaimRow[] {
  const rows: ClaimRow[] = [];
  for (const [owner, nonce, at, tasks] of standing) {
    const kept = tasks.filter(([place]) => !taken.has(place));
    if (kept.length > 0) rows.push([owner, nonce, at, kept]);
  }
  return rows;
}
