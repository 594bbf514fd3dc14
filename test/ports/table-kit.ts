import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../../src/contract/json.ts';
import type { Item, Page, PutResult, Range, Table } from '../../src/ports/table.ts';

/** A table to be held to its promises. */
export interface TableSubject {
  readonly table: Table;
  /** Lets lagging indexes catch up. */
  settle(): Promise<void>;
  /** Lets go of it, as the end of its process would, and opens it again on the same data. */
  reopen?(): Promise<Table>;
  close?(): Promise<void>;
}

/** Tables may be shared by tests: each takes partitions of its own. */
export const freshPartition = (): string => `test/${randomUUID()}`;

export function item(
  partition: string,
  sort: string,
  version = 1,
  data: JsonObject = { n: version },
  more: Partial<Item> = {},
): Item {
  return { partition, sort, version, data, ...more };
}

/** For comparisons: bytes as text, fields that have no value left out. */
export function plain(found: Item | undefined): unknown {
  if (found === undefined) return undefined;
  const { bytes, ...rest } = found;
  return JSON.parse(
    JSON.stringify({ ...rest, ...(bytes && { hex: Buffer.from(bytes).toString('hex') }) }),
  );
}

export const plainResult = (result: PutResult | undefined): unknown =>
  result?.done === false ? { done: false, found: plain(result.found) } : result;

const PAGES_MAX = 10_000;

/** All pages, one after the other. Checks that none is larger than asked. */
export async function readAll(
  read: (range: Range) => Promise<Page>,
  range: Range,
): Promise<Item[]> {
  const items: Item[] = [];
  let after: string | undefined;
  for (let pages = 0; pages < PAGES_MAX; pages++) {
    const page = await read({ ...range, ...(after !== undefined && { after }) });
    if (range.limit !== undefined && page.items.length > range.limit)
      throw new Error(`${page.items.length} items, ${range.limit} asked`);
    items.push(...page.items);
    if (page.next === undefined) return items;
    after = page.next;
  }
  throw new Error('the pages do not end');
}

export const sorts = (items: readonly Item[]): string[] => items.map(({ sort }) => sort);

/** The order of keys: that of their UTF-8 bytes. */
export const byBytes = (a: string, b: string): number =>
  Buffer.compare(Buffer.from(a), Buffer.from(b));
