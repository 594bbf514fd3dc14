import type { StatementSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import type { Json, JsonObject } from '../../contract/json.ts';
import { type Item, indexNames, type Key } from '../../ports/table.ts';
import { type Entries, entriesOf, indexesOf } from './entries.ts';

/** What one item may weigh in the file, keys included. */
export const itemBytesMax = 350 * 1024;

/** An item as it lies in the file. */
export interface Row {
  readonly k: string;
  readonly version: number;
  readonly expires: number | null;
  readonly sum: number;
  readonly data: string;
  readonly bytes: Uint8Array | null;
  readonly entries: Entries;
}

/** Columns in the order of `Row`, as statements return them. */
export type Columns = readonly [
  k: string,
  version: number,
  expires: number | null,
  sum: number,
  data: string,
  bytes: Uint8Array | null,
  ...entries: (string | null)[],
];
/** Each index has a column: where the item stands in it. */
export const columns = ['k', 'version', 'expires', 'sum', 'data', 'bytes', ...indexNames];
/** For reading, by statements that `asColumns` made. */
export const readColumns = `k, CAST(version AS REAL), CAST(expires AS REAL), CAST(sum AS REAL), data, bytes, ${indexNames}`;

/**
 * Rows as arrays. Of a damaged row any column may be an integer too large for Node, which then refuses the whole
 * statement: so our numbers come as floating point, and all integers as what they never are otherwise.
 */
export function asColumns(statement: StatementSync): StatementSync {
  statement.setReturnArrays(true);
  statement.setReadBigInts(true);
  return statement;
}

/** Partitions end where the first NUL is, so they hold none; half a surrogate pair would not come back as it was. */
export function fileKey({ partition, sort }: Key): string {
  if (partition.includes('\0')) throw new TypeError('a partition key cannot hold NUL');
  const k = `${partition}\0${sort}`;
  if (!k.isWellFormed()) throw new TypeError(`the key ${JSON.stringify(k)} holds half a character`);
  return k;
}

export function keyOf(k: string): Key {
  const end = k.indexOf('\0');
  return { partition: k.slice(0, end), sort: k.slice(end + 1) };
}

/** How an item is named to people, also one whose key is damaged. */
export function placeOf(k: string): string {
  const { partition, sort } = keyOf(String(k));
  return `item ${JSON.stringify(partition)} ${JSON.stringify(sort)}`;
}

/** Over everything in the row, so that no bit of it changes unseen. */
function checksum(row: Omit<Row, 'sum'>): number {
  const { k, version, expires, data, bytes, entries } = row;
  let text = `${k}\0${version}\0${expires ?? ''}\0${data}`;
  for (const entry of entries) text += entry === null ? '\0' : `\0${entry}`;
  const sum = crc32(text);
  return bytes === null ? sum : crc32(bytes, sum);
}

/** Copies all that the caller could still change. Throws on what would not come back as it is. */
export function toRow(item: Item): Row {
  const data = JSON.stringify(item.data);
  if (data.includes('null')) refuseNonFinite(item.data);
  const k = fileKey(item);
  const row = {
    k,
    version: item.version,
    expires: item.expiresAt ?? null,
    data,
    bytes: item.bytes === undefined ? null : item.bytes.slice(),
    entries: entriesOf(item.indexes),
    sum: 0,
  };
  refuseTooLarge(row);
  row.sum = checksum(row);
  return row;
}

/** Undefined when the row is not what was written. */
export function fromColumns(columns: Columns): Item | undefined {
  const [k, version, expires, sum, data, bytes, ...entries] = columns;
  // Damage can turn one type into another that sums up the same.
  if (typeof k !== 'string' || typeof data !== 'string' || typeof bytes !== 'object') return;
  if (checksum({ k, version, expires, data, bytes, entries }) !== sum) return undefined;
  const indexes = indexesOf(entries);
  const end = k.indexOf('\0');
  return {
    partition: k.slice(0, end),
    sort: k.slice(end + 1),
    version,
    data: JSON.parse(data) as JsonObject,
    ...(bytes !== null && { bytes }),
    ...(indexes !== undefined && { indexes }),
    ...(expires !== null && { expiresAt: expires }),
  };
}

function refuseTooLarge(row: Row): void {
  const beside = row.bytes?.length ?? 0;
  // No character takes more than three bytes for each unit of its length.
  if ((row.data.length + row.k.length) * 3 + beside <= itemBytesMax) return;
  const size = Buffer.byteLength(row.data) + Buffer.byteLength(row.k) + beside;
  if (size <= itemBytesMax) return;
  throw new RangeError(`${placeOf(row.k)} has ${size} bytes; ${itemBytesMax} is the most`);
}

/** JSON would write null for them. */
function refuseNonFinite(value: Json): void {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new TypeError(`JSON cannot carry ${value}`);
  if (typeof value !== 'object' || value === null) return;
  for (const child of Object.values(value) as Json[]) refuseNonFinite(child);
}
