import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Json, JsonObject } from '../../contract/json.ts';
import { Problem } from '../../contract/problem.ts';
import type { IndexName, Item, Key } from '../../ports/table.ts';

/** What one item may weigh, keys included: 50 KB below what DynamoDB takes. */
export const itemBytesMax = 350 * 1024;
/** Limits of DynamoDB for keys, in bytes. */
const partitionBytesMax = 2048;
const sortBytesMax = 1024;
/** A write unit. What fits into one is not worth packing. */
const unitBytes = 1024;

/**
 * Attributes, with short names since these are paid for with each item: `p` partition, `s` sort, `v` version, `d` data
 * as JSON or `z` the same deflated, `b` bytes, `w` who wrote it, `x` when it expires in seconds (what DynamoDB wants),
 * `y` by how many ms that is too late.
 */
export type Row = Record<string, AttributeValue>;

/** The attributes that put an item into an index. */
export const indexKeys = {
  active: { partition: 'ap', sort: 'as' },
  recent: { partition: 'rp', sort: 'rs' },
  workflow: { partition: 'wp', sort: 'ws' },
} as const satisfies Record<IndexName, { partition: string; sort: string }>;

const halfCharacter = /\p{Surrogate}/u;

export function rowKey({ partition, sort }: Key): Row {
  checkKey('a partition key', partition, partitionBytesMax);
  checkKey('a sort key', sort, sortBytesMax);
  return { p: { S: partition }, s: { S: sort } };
}

function checkKey(what: string, text: string, most: number): void {
  if (text === '') throw new TypeError(`${what} cannot be empty`);
  if (halfCharacter.test(text))
    throw new TypeError(`${what} cannot hold half a character: ${JSON.stringify(text)}`);
  if (text.length * 3 > most && Buffer.byteLength(text) > most)
    throw new RangeError(`${what} has at most ${most} bytes`);
}

/** Copies all that the caller could still change. Throws on what would not come back as it is. */
export function toRow(item: Item, writer: Uint8Array): Row {
  const text = JSON.stringify(item.data);
  if (text.includes('null')) refuseNonFinite(item.data);
  checkSize(item, text);
  const row: Row = { ...rowKey(item), v: { N: String(item.version) }, w: { B: writer } };
  addData(row, text, item.bytes?.length ?? 0);
  if (item.bytes !== undefined) row.b = { B: item.bytes.slice() };
  if (item.expiresAt !== undefined) addExpiry(row, item.expiresAt);
  for (const [name, keys] of Object.entries(indexKeys)) {
    const entry = item.indexes?.[name as IndexName];
    if (entry === undefined) continue;
    checkKey('a key of an index', entry.partition, partitionBytesMax);
    checkKey('a key of an index', entry.sort, sortBytesMax);
    row[keys.partition] = { S: entry.partition };
    row[keys.sort] = { S: entry.sort };
  }
  return row;
}

function checkSize(item: Item, text: string): void {
  const beside = item.bytes?.length ?? 0;
  const bound = (text.length + item.partition.length + item.sort.length) * 3 + beside;
  if (bound <= itemBytesMax) return;
  const size =
    Buffer.byteLength(text) +
    Buffer.byteLength(item.partition) +
    Buffer.byteLength(item.sort) +
    beside;
  if (size > itemBytesMax)
    throw new RangeError(
      `item ${item.partition} ${item.sort} has ${size} bytes; ${itemBytesMax} is the most`,
    );
}

function addData(row: Row, text: string, beside: number): void {
  const plain = Buffer.byteLength(text);
  if (plain + beside > unitBytes) {
    const packed = deflateRawSync(text);
    if (packed.length < plain) {
      row.z = { B: packed };
      return;
    }
  }
  row.d = { S: text };
}

function addExpiry(row: Row, at: number): void {
  const seconds = Math.ceil(at / 1000);
  row.x = { N: String(seconds) };
  const late = seconds * 1000 - at;
  if (late > 0) row.y = { N: String(late) };
}

/** JSON would write null for them. */
function refuseNonFinite(value: Json): void {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new TypeError(`JSON cannot carry ${value}`);
  if (typeof value !== 'object' || value === null) return;
  for (const child of Object.values(value) as Json[]) refuseNonFinite(child);
}

export const keyOf = (row: Row): Key => ({
  partition: row.p?.S as string,
  sort: row.s?.S as string,
});

export function fromRow(row: Row): Item {
  const indexes = indexesOf(row);
  const seconds = row.x?.N;
  return {
    ...keyOf(row),
    version: Number(row.v?.N),
    data: dataOf(row),
    ...(row.b?.B && { bytes: Uint8Array.from(row.b.B) }),
    ...(indexes && { indexes }),
    ...(seconds !== undefined && { expiresAt: Number(seconds) * 1000 - Number(row.y?.N ?? 0) }),
  };
}

function dataOf(row: Row): JsonObject {
  try {
    const text = row.d?.S ?? inflateRawSync(row.z?.B as Uint8Array).toString('utf8');
    return JSON.parse(text) as JsonObject;
  } catch (error) {
    const { partition, sort } = keyOf(row);
    throw new Problem('data-damaged', `item ${partition} ${sort}: ${String(error)}`);
  }
}

function indexesOf(row: Row): Item['indexes'] {
  const found: { [name in IndexName]?: { partition: string; sort: string } } = {};
  let any = false;
  for (const [name, keys] of Object.entries(indexKeys)) {
    const partition = row[keys.partition]?.S;
    const sort = row[keys.sort]?.S;
    if (partition === undefined || sort === undefined) continue;
    found[name as IndexName] = { partition, sort };
    any = true;
  }
  return any ? found : undefined;
}
