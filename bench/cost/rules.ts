/**
 * What AWS bills, by its documents: sizes and units of DynamoDB ("Working with item sizes and formats", "Capacity unit
 * consumption", "Global secondary indexes: write capacity units") and requests of SQS ("1 to 10 messages, up to 64 KB").
 */
import { indexKeys, type Row } from '../../src/adapters/aws/row.ts';

const writeUnitBytes = 1024;
const readUnitBytes = 4096;
const queueChunkBytes = 64 * 1024;
/** Kept for each item, and for each entry of an index; counted for storage only. */
const storedOverheadBytes = 100;

const utf8 = (text: string): number => Buffer.byteLength(text);

/** Names and values: texts in UTF-8, bytes as they are, numbers a byte for two digits and one more. */
export function itemBytes(row: Row): number {
  let bytes = 0;
  for (const [name, { S, B, N }] of Object.entries(row)) {
    bytes += utf8(name) + (B?.length ?? 0);
    if (S !== undefined) bytes += utf8(S);
    if (N !== undefined) bytes += Math.ceil(N.replace(/[-.]/g, '').length / 2) + 1;
  }
  return bytes;
}

const unitsOf = (bytes: number): number => Math.max(1, Math.ceil(bytes / writeUnitBytes));

/** An item's entry in an index of keys only; undefined when it is in none. */
function entryOf(row: Row | undefined, keys: { partition: string; sort: string }): Row | undefined {
  const [partition, sort] = [row?.[keys.partition], row?.[keys.sort]];
  if (row === undefined || partition === undefined || sort === undefined) return undefined;
  const { p, s } = row;
  return { p, s, [keys.partition]: partition, [keys.sort]: sort } as Row;
}

export interface WriteUnits {
  readonly table: number;
  readonly indexes: number;
}

/**
 * A write that was applied: units of the larger one of what was there and what is; of each index what goes and what
 * comes, and nothing where the entry stays as it is.
 */
export function writeUnits(before: Row | undefined, after: Row | undefined): WriteUnits {
  const table = unitsOf(Math.max(before ? itemBytes(before) : 0, after ? itemBytes(after) : 0));
  let indexes = 0;
  for (const keys of Object.values(indexKeys)) {
    const [old, now] = [entryOf(before, keys), entryOf(after, keys)];
    const moved = JSON.stringify(old) !== JSON.stringify(now);
    if (moved && old) indexes += unitsOf(itemBytes(old));
    if (moved && now) indexes += unitsOf(itemBytes(now));
  }
  return { table, indexes };
}

/** A write that its condition refused: units of the item that is there, at least one. */
export const refusedUnits = (found: Row | undefined): number =>
  unitsOf(found ? itemBytes(found) : 0);

const readUnitsOf = (bytes: number): number => Math.max(1, Math.ceil(bytes / readUnitBytes));

/** Items that were read one by one, also in a batch: each is rounded up; of one that is not there, a unit. */
export const getUnits = (rows: readonly (Row | undefined)[], strong: boolean): number =>
  rows.reduce((sum, row) => sum + readUnitsOf(row ? itemBytes(row) : 0), 0) * (strong ? 1 : 0.5);

/** A page of a query is rounded up as a whole. */
export const queryUnits = (rows: readonly Row[], strong: boolean): number =>
  readUnitsOf(rows.reduce((sum, row) => sum + itemBytes(row), 0)) * (strong ? 1 : 0.5);

/** A request of SQS with so much of messages in it. */
export const queueRequests = (bytes: number): number =>
  Math.max(1, Math.ceil(bytes / queueChunkBytes));

/** What is paid for by the month: items, and their entries in indexes. */
export function storedBytes(row: Row): number {
  let bytes = itemBytes(row) + storedOverheadBytes;
  for (const keys of Object.values(indexKeys)) {
    const entry = entryOf(row, keys);
    if (entry) bytes += itemBytes(entry) + storedOverheadBytes;
  }
  return bytes;
}
