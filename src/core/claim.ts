/**
 * Who holds which attempts of a block of tasks. An owner has at most two rows: what its last call was granted, and, without
 * a nonce, all before it: claimed at `at` or before, and not before `since`.
 */
export type ClaimRow = readonly [
  owner: string,
  nonce: string,
  at: number,
  tasks: readonly (readonly [place: number, attempt: number])[],
  since?: number,
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
 * takes the place of an earlier one, which can't be had any more. An owner makes one call at a time for each block, so
 * that what it was granted by earlier calls is confirmed, and needs no nonce any more.
 */
export function mergeClaims(
  standing: readonly ClaimRow[],
  claimer: Claimer,
  wishes: readonly Wish[],
): Merged {
  const held = holders(standing);
  const taken = new Map<number, number>();
  const left = latest(wishes);
  const answers = wishes.map(({ place, attempt }): Answer => {
    const holder = held.get(place);
    if (left.get(place) !== attempt)
      return heldBy(claimer.owner, claimer.at, Math.max(attempt, left.get(place) ?? 0));
    if (holder === undefined || holder.attempt < attempt) taken.set(place, attempt);
    else if (holder.attempt > attempt || holder.row[1] !== claimer.nonce)
      return heldBy(holder.row[0], holder.row[2], holder.attempt);
    left.delete(place);
    return { granted: true };
  });
  if (taken.size === 0) return { rows: undefined, answers };
  return {
    rows: [...merged(without(standing, taken), claimer.owner), rowOf(claimer, taken)],
    answers,
  };
}

/** Of several attempts at one task only the last one can be had. */
function latest(wishes: readonly Wish[]): Map<number, number> {
  const last = new Map<number, number>();
  for (const { place, attempt } of wishes) last.set(place, Math.max(attempt, last.get(place) ?? 0));
  return last;
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
  for (const row of standing) {
    const [owner, nonce, at, tasks, ...since] = row;
    const kept = tasks.filter(([place]) => !taken.has(place));
    if (kept.length === tasks.length) rows.push(row);
    else if (kept.length > 0) rows.push([owner, nonce, at, kept, ...since]);
  }
  return rows;
}

/** The owner's rows as one, as young as the youngest of them: what it has long been silent about is never found too soon. */
function merged(rows: readonly ClaimRow[], owner: string): readonly ClaimRow[] {
  const own = rows.filter((row) => row[0] === owner);
  if (own.length === 0 || (own.length === 1 && own[0]?.[1] === '')) return rows;
  const at = Math.max(...own.map((row) => row[2]));
  const since = Math.min(...own.map((row) => row[4] ?? row[2]));
  const tasks = own.flatMap((row) => row[3]);
  return [...rows.filter((row) => row[0] !== owner), [owner, '', at, tasks, since]];
}
