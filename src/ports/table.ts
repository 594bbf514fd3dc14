import type { JsonObject } from '../contract/json.ts';

export interface Key {
  readonly partition: string;
  readonly sort: string;
}

/** Where an item shows up in a named index. Indexes lag: an item may be missing from one, or linger in it, for seconds. */
export interface IndexEntry {
  readonly partition: string;
  readonly sort: string;
}

export const indexNames = ['active', 'recent', 'workflow'] as const;
export type IndexName = (typeof indexNames)[number];

/**
 * One record. Its encoded size must stay under 350 KB (a promise of the callers, checked by adapters).
 * `version` is the writer's: 1 at the first put, one more at each change.
 */
export interface Item extends Key {
  readonly version: number;
  readonly data: JsonObject;
  readonly bytes?: Uint8Array;
  readonly indexes?: { readonly [name in IndexName]?: IndexEntry };
  /** Epoch ms. After it the item may vanish at any time, or stay for days: not a timer. */
  readonly expiresAt?: number;
}

/** `absent`: nothing lies under the key. `{ version }`: the item that lies there has that version. `any`: no condition. */
export type Condition = 'absent' | 'any' | { readonly version: number };

/** `found`: what lay there when the put was refused; undefined if nothing did. */
export type PutResult =
  | { readonly done: true }
  | { readonly done: false; readonly found: Item | undefined };

export interface Put {
  readonly item: Item;
  readonly condition: Condition;
  /**
   * May be answered before it is durable. It is durable before any later put is answered that is not relaxed itself,
   * and reads see it at once; of what is not durable yet, a crash takes the last ones, and with them the knowledge that
   * records of the feed were handled since. For what could be derived again from what is durable.
   */
  readonly relaxed?: boolean;
  /** Whoever hears of this insert by the feed may hear of it some ms later, together with what comes meanwhile. */
  readonly unhurried?: boolean;
}

export interface Range {
  readonly partition: string;
  /** First sort key, inclusive. */
  readonly from?: string;
  /** Last sort key, exclusive. */
  readonly to?: string;
  readonly limit?: number;
  readonly reverse?: boolean;
  /** The `next` of the page before. */
  readonly after?: string;
}

export interface Page {
  readonly items: readonly Item[];
  readonly next: string | undefined;
}

/**
 * Where all truth lies.
 *
 * Promises: reads by key and range see every put that was answered before they began. Each put and remove stands
 * alone: two are never applied together, also not those of one `putMany`, which may be applied in any order and in
 * part. A call that throws `Unavailable` may have been applied or not. Answered means durable.
 */
export interface Table {
  get(key: Key): Promise<Item | undefined>;
  /** In the order of the keys. */
  getMany(keys: readonly Key[]): Promise<(Item | undefined)[]>;
  query(range: Range): Promise<Page>;
  put(item: Item, condition: Condition): Promise<PutResult>;
  /** Many puts, each alone; one answer each, in order. */
  putMany(puts: readonly Put[]): Promise<PutResult[]>;
  remove(key: Key, condition: Condition): Promise<PutResult>;
  /** Reads an index; late. The items are those of the index entries, as they were when it was written or later. */
  index(name: IndexName, range: Range): Promise<Page>;
}

/** A table, or another port, could not answer. The call may or may not have been applied; trying again may work. */
export class Unavailable extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Unavailable';
  }
}

/**
 * The table's change feed, filtered: every insert (never a change or removal) of an item whose sort key begins with one
 * of the prefixes, at least once, in no promised order among items.
 */
export interface Feed {
  /**
   * The handler gets batches. When it throws, the whole batch comes again, later; it may come again anyway.
   * Returns a function that stops the subscription once the batch at hand is done.
   */
  subscribe(prefixes: readonly string[], handler: FeedHandler): () => Promise<void>;
}
export type FeedHandler = (items: readonly Item[]) => Promise<void>;
