import type { IndexEntry, IndexName, Item, Range } from '../../ports/table.ts';
import { indexNames } from '../../ports/table.ts';

/** Where an entry stands: index, partition, sort key and the item's key, in the order in which they are sorted. */
export function entryText(name: IndexName, { partition, sort }: IndexEntry, k: string): string {
  if (partition.includes('\0') || sort.includes('\0'))
    throw new TypeError('the keys of an index cannot hold NUL');
  const text = `${entryPrefix(name, partition)}${sort}\0${k}`;
  if (!text.isWellFormed()) throw new TypeError('the key of an index holds half a character');
  return text;
}

export const entryPrefix = (name: IndexName, partition: string): string =>
  `${name}\0${partition}\0`;

export function entriesOf(indexes: Item['indexes'], k: string): string[] {
  const found: string[] = [];
  for (const name of indexNames) {
    const entry = indexes?.[name];
    if (entry !== undefined) found.push(entryText(name, entry, k));
  }
  return found;
}

/** First text, inclusive, and last, exclusive. */
export interface Span {
  readonly from: string;
  readonly to: string;
}

export function entrySpan(name: IndexName, { partition, from = '', to }: Range): Span {
  const prefix = entryPrefix(name, partition);
  return { from: prefix + from, to: to === undefined ? `${prefix.slice(0, -1)}\x01` : prefix + to };
}

/** What follows the prefix, as a text that may stand in an address. */
export const toCursor = (entry: string, prefix: string): string =>
  Buffer.from(entry.slice(prefix.length)).toString('base64url');
export const fromCursor = (cursor: string): string => Buffer.from(cursor, 'base64url').toString();
