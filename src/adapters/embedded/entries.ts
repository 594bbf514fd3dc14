import type { IndexEntry, IndexName, Item, Range } from '../../ports/table.ts';
import { indexNames } from '../../ports/table.ts';

/** For each index, in the order of their names: where the item stands in it, as text; null when it does not. */
export type Entries = readonly (string | null)[];

const nowhere: Entries = indexNames.map(() => null);

export const entriesOf = (indexes: Item['indexes']): Entries =>
  indexes === undefined ? nowhere : indexNames.map((name) => entryText(indexes[name]));

function entryText(entry: IndexEntry | undefined): string | null {
  if (entry === undefined) return null;
  const { partition, sort } = entry;
  if (partition.includes('\0') || sort.includes('\0'))
    throw new TypeError('the keys of an index cannot hold NUL');
  const text = `${partition}\0${sort}`;
  if (!text.isWellFormed()) throw new TypeError('the key of an index holds half a character');
  return text;
}

/** Undefined when the item is in no index. */
export function indexesOf(entries: Entries): Item['indexes'] {
  let indexes: { [name in IndexName]?: IndexEntry } | undefined;
  for (const [i, text] of entries.entries()) {
    if (text === null) continue;
    const end = text.indexOf('\0');
    indexes ??= {};
    indexes[indexNames[i] as IndexName] = {
      partition: text.slice(0, end),
      sort: text.slice(end + 1),
    };
  }
  return indexes;
}

/** First text, inclusive, and last, exclusive. */
export interface Span {
  readonly from: string;
  readonly to: string;
}

export const entrySpan = ({ partition, from = '', to }: Range): Span => ({
  from: `${partition}\0${from}`,
  to: to === undefined ? `${partition}\x01` : `${partition}\0${to}`,
});

/** A place in an index: items may stand in the same one, in the order of their keys. */
export type Place = readonly [entry: string, k: string];

/** What follows the partition, as a text that may stand in an address. */
export const toCursor = ([entry, k]: Place): string =>
  Buffer.from(`${entry.slice(entry.indexOf('\0') + 1)}\0${k}`).toString('base64url');

export function fromCursor(partition: string, cursor: string): Place {
  const text = Buffer.from(cursor, 'base64url').toString();
  const end = text.indexOf('\0');
  return [`${partition}\0${text.slice(0, end)}`, text.slice(end + 1)];
}
