import type { Json, JsonObject } from '../../contract/json.ts';
import type { Item } from '../../ports/table.ts';

/** What one item may weigh, as JSON with its bytes. */
export const itemBytesMax = 350 * 1024;

/**
 * A copy that nobody can change, so that it may be handed to every reader: what went in by one caller's hand can never
 * be changed by another's. Fields without a value are left out, as JSON does; what JSON cannot carry throws.
 */
export function frozenJson<T extends Json>(value: T): T {
  return copy(value) as T;
}

/** As `frozenJson`, for an item with its bytes. Throws when the item is too large. */
export function frozenItem(item: Item): Item {
  weight = 0;
  const data = copy(item.data) as JsonObject;
  const bytes = item.bytes?.slice();
  checkSize(item, data, weight);
  return Object.freeze({
    partition: item.partition,
    sort: item.sort,
    version: item.version,
    data,
    ...(bytes && { bytes }),
    ...(item.indexes && { indexes: copy(item.indexes as Json) as NonNullable<Item['indexes']> }),
    ...(item.expiresAt !== undefined && { expiresAt: item.expiresAt }),
  });
}

/** Bytes cannot be frozen: each reader gets its own. */
export const handedOut = (item: Item): Item =>
  item.bytes === undefined ? item : { ...item, bytes: item.bytes.slice() };

/** An upper bound of the JSON text of what was copied since it was set to 0. */
let weight = 0;
/** In the worst case a character becomes an escape of six. */
const PER_CHARACTER = 6;

function checkSize(item: Item, data: JsonObject, bound: number): void {
  const beside = item.partition.length + item.sort.length + (item.bytes?.length ?? 0);
  if (bound + beside <= itemBytesMax) return;
  const size = Buffer.byteLength(JSON.stringify(data)) + beside;
  if (size > itemBytesMax)
    throw new RangeError(`item ${item.partition} ${item.sort} has ${size} bytes`);
}

function copy(value: Json): Json {
  switch (typeof value) {
    case 'string':
      weight += value.length * PER_CHARACTER + 3;
      return value;
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`JSON cannot carry ${value}`);
      weight += 25;
      return value === 0 ? 0 : value; // -0 is written as 0
    case 'boolean':
      weight += 6;
      return value;
    case 'object':
      return value === null ? null : copyObject(value);
    default:
      throw new TypeError(`JSON cannot carry a ${typeof value}`);
  }
}

function copyObject(value: Exclude<Json, string | number | boolean | null>): Json {
  weight += 2;
  if (Array.isArray(value)) {
    const list: Json[] = new Array(value.length);
    for (let i = 0; i < value.length; i++) list[i] = copy((value[i] ?? null) as Json);
    return Object.freeze(list);
  }
  const object: Record<string, Json> = {};
  const from = value as JsonObject;
  for (const key of Object.keys(from)) {
    const field = from[key];
    if (field === undefined) continue;
    weight += key.length * PER_CHARACTER + 4;
    if (key === '__proto__')
      Object.defineProperty(object, key, { value: copy(field), enumerable: true });
    else object[key] = copy(field);
  }
  return Object.freeze(object);
}
