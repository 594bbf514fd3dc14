import {
  type Condition,
  type IndexName,
  type Item,
  indexNames,
  type Key,
  type Page,
  type PutResult,
  type Range,
} from '../../ports/table.ts';
import { handedOut } from './frozen.ts';
import type { Host } from './host.ts';
import { LateIndex } from './late-index.ts';
import { SortedList } from './sorted-list.ts';

/** What the servers of a table may do to their callers, within its promises. */
export interface TableLuck {
  /** After how many ms an index shows a change. */
  indexLagMs(): number;
  /** How long an item outlives its `expiresAt`, in ms. */
  expiryLagMs(): number;
  /** How many items the next page may hold, whatever its limit: answers are cut by size, too. At least 1. */
  pageMax(): number;
}

/** Indexes that never lag, items that vanish on time, whole pages. */
export const calmTable: TableLuck = {
  indexLagMs: () => 0,
  expiryLagMs: () => 0,
  pageMax: () => Number.POSITIVE_INFINITY,
};

/**
 * `after` is what lies there now, `before` what lay there; undefined: nothing. Both are frozen, but for their bytes.
 * `relaxed`: it need not be durable yet.
 */
export type OnChange = (
  after: Item | undefined,
  before: Item | undefined,
  relaxed: boolean,
) => void;

interface Row {
  readonly sort: string;
  readonly tie: '';
  readonly item: Item;
  /** Epoch ms. */
  readonly vanishesAt: number;
}

interface Partition {
  readonly rows: Map<string, Row>;
  readonly order: SortedList<Row>;
}

const done: PutResult = Object.freeze({ done: true });

/** A table's contents. Its methods are the moments at which calls are applied. */
export class TableStore {
  readonly #host: Host;
  readonly #luck: TableLuck;
  readonly #partitions = new Map<string, Partition>();
  readonly #indexes: { readonly [name in IndexName]: LateIndex };
  readonly #onChange: OnChange[] = [];
  /** Counts changes. */
  revision = 0;

  constructor(host: Host, luck: TableLuck = calmTable) {
    this.#host = host;
    this.#luck = luck;
    this.#indexes = Object.fromEntries(
      indexNames.map((name) => [name, new LateIndex(host)]),
    ) as Record<IndexName, LateIndex>;
  }

  /** Calls back in the moment of each change. */
  onChange(call: OnChange): void {
    this.#onChange.push(call);
  }

  get(key: Key): Item | undefined {
    const item = this.#find(key)?.item;
    return item && handedOut(item);
  }

  query(range: Range): Page {
    const partition = this.#partitions.get(range.partition);
    if (partition === undefined) return { items: [], next: undefined };
    const limit = Math.min(range.limit ?? Number.POSITIVE_INFINITY, this.#luck.pageMax());
    const now = this.#host.now();
    const page = partition.order.slice({ ...range, limit }, (row) => row.vanishesAt > now);
    return { items: page.entries.map((row) => handedOut(row.item)), next: page.next };
  }

  /** Keeps the item itself: the caller made it a frozen one. */
  put(item: Item, condition: Condition, relaxed = false): PutResult {
    const there = this.#find(item);
    if (!meets(condition, there?.item))
      return { done: false, found: there && handedOut(there.item) };
    this.#write(item);
    this.#reindex(item, item, there?.item);
    for (const call of this.#onChange) call(item, there?.item, relaxed);
    return done;
  }

  /** What a machine's death takes: this lies there again, as if nothing had been put since. Nobody is told. */
  restore(key: Key, before: Item | undefined): void {
    const there = this.#find(key);
    if (before) this.#write(before);
    else if (there) this.#drop(there.item);
    this.#reindex(key, before, there?.item);
  }

  remove(key: Key, condition: Condition): PutResult {
    const there = this.#find(key);
    if (!meets(condition, there?.item))
      return { done: false, found: there && handedOut(there.item) };
    if (there !== undefined) this.#erase(there.item);
    return done;
  }

  index(name: IndexName, range: Range): Page {
    const limit = Math.min(range.limit ?? Number.POSITIVE_INFINITY, this.#luck.pageMax());
    const page = this.#indexes[name].slice(range.partition, { ...range, limit });
    return { items: page.entries.map((entry) => handedOut(entry.item)), next: page.next };
  }

  /** Every item, for those who check the whole. */
  *all(): Generator<Item> {
    for (const partition of this.#partitions.values())
      for (const row of partition.rows.values()) yield row.item;
  }

  #find(key: Key): Row | undefined {
    const row = this.#partitions.get(key.partition)?.rows.get(key.sort);
    if (row === undefined || row.vanishesAt > this.#host.now()) return row;
    this.#erase(row.item);
    return undefined;
  }

  #write(item: Item): void {
    this.revision++;
    let partition = this.#partitions.get(item.partition);
    if (partition === undefined) {
      partition = { rows: new Map(), order: new SortedList() };
      this.#partitions.set(item.partition, partition);
    }
    const vanishesAt =
      item.expiresAt === undefined
        ? Number.POSITIVE_INFINITY
        : item.expiresAt + this.#luck.expiryLagMs();
    const row: Row = { sort: item.sort, tie: '', item, vanishesAt };
    partition.rows.set(item.sort, row);
    partition.order.set(row);
  }

  #erase(item: Item): void {
    this.#drop(item);
    this.#reindex(item, undefined, item);
    for (const call of this.#onChange) call(undefined, item, false);
  }

  #drop(item: Item): void {
    this.revision++;
    const partition = this.#partitions.get(item.partition);
    partition?.rows.delete(item.sort);
    partition?.order.delete(item.sort, '');
    if (partition?.rows.size === 0) this.#partitions.delete(item.partition);
  }

  #reindex(key: Key, after: Item | undefined, before: Item | undefined): void {
    if (before?.indexes === undefined && after?.indexes === undefined) return;
    for (const name of indexNames) {
      if (before?.indexes?.[name] === undefined && after?.indexes?.[name] === undefined) continue;
      this.#indexes[name].change(key, after, name, this.#luck.indexLagMs());
    }
  }
}

function meets(condition: Condition, there: Item | undefined): boolean {
  if (condition === 'any') return true;
  if (condition === 'absent') return there === undefined;
  return there?.version === condition.version;
}
