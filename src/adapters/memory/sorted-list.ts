/** What is kept in order: by `sort`, then by `tie`. Orders are those of the UTF-8 bytes for all text without astral characters. */
export interface Sorted {
  readonly sort: string;
  readonly tie: string;
}

export interface Cut {
  readonly from?: string;
  readonly to?: string;
  readonly limit?: number;
  readonly reverse?: boolean;
  readonly after?: string;
}

export interface Slice<T> {
  readonly entries: readonly T[];
  /** For `after`, when something is left. */
  readonly next: string | undefined;
}

/** Entries in order, in one array: fast for the sizes that partitions have, and fastest at its end. */
export class SortedList<T extends Sorted> {
  #entries: T[] = [];

  get size(): number {
    return this.#entries.length;
  }

  /** Puts an entry in its place; one with the same sort and tie is replaced. */
  set(entry: T): void {
    const at = this.#lowerBound(entry.sort, entry.tie);
    const there = this.#entries[at];
    if (there !== undefined && there.sort === entry.sort && there.tie === entry.tie)
      this.#entries[at] = entry;
    else if (at === this.#entries.length) this.#entries.push(entry);
    else this.#entries.splice(at, 0, entry);
  }

  delete(sort: string, tie: string): void {
    const at = this.#lowerBound(sort, tie);
    const there = this.#entries[at];
    if (there !== undefined && there.sort === sort && there.tie === tie)
      this.#entries.splice(at, 1);
  }

  /** Entries for which `keep` is false are passed over. */
  slice(cut: Cut, keep: (entry: T) => boolean): Slice<T> {
    const [low, high] = this.#bounds(cut);
    const limit = cut.limit ?? Number.POSITIVE_INFINITY;
    const found: T[] = [];
    for (let n = low; n < high; n++) {
      const entry = this.#entries[cut.reverse ? low + high - 1 - n : n] as T;
      if (!keep(entry)) continue;
      if (found.length >= limit) return { entries: found, next: cursorOf(found.at(-1)) };
      found.push(entry);
    }
    return { entries: found, next: undefined };
  }

  #bounds(cut: Cut): readonly [low: number, high: number] {
    const low = cut.from === undefined ? 0 : this.#lowerBound(cut.from, '');
    const high = cut.to === undefined ? this.#entries.length : this.#lowerBound(cut.to, '');
    if (cut.after === undefined) return [low, high];
    const place = this.#afterPlace(cut.after, cut.reverse === true);
    return cut.reverse ? [low, Math.min(high, place)] : [Math.max(low, place), high];
  }

  #afterPlace(cursor: string, reverse: boolean): number {
    const [sort, tie] = JSON.parse(cursor) as [string, string];
    const at = this.#lowerBound(sort, tie);
    if (reverse) return at;
    const there = this.#entries[at];
    return there !== undefined && there.sort === sort && there.tie === tie ? at + 1 : at;
  }

  #lowerBound(sort: string, tie: string): number {
    const entries = this.#entries;
    let low = 0;
    let high = entries.length;
    const last = entries[high - 1];
    if (last !== undefined && before(last, sort, tie)) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (before(entries[middle] as T, sort, tie)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const before = (entry: Sorted, sort: string, tie: string): boolean =>
  entry.sort === sort ? entry.tie < tie : entry.sort < sort;

const cursorOf = (entry: Sorted | undefined): string | undefined =>
  entry && JSON.stringify([entry.sort, entry.tie]);
