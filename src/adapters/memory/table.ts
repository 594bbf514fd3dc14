import type { Item, Page, Put, Range, Table } from '../../ports/table.ts';
import { frozenItem } from './frozen.ts';
import { type Gate, openGate } from './gate.ts';
import type { TableStore } from './table-store.ts';

/** One caller's way to a table. What it puts is copied in the moment of the call. */
export function memoryTable(store: TableStore, gate: Gate = openGate): Table {
  return {
    get: (key) => gate.pass('table.get', () => store.get(key), key),
    getMany: (keys) =>
      gate.passEach('table.get-many', keys.length, (n) => store.get(at(keys, n)), keys),
    query: (range) => query(store, gate, range),
    async put(item, condition) {
      const put = { item: frozenItem(item), condition };
      return gate.pass('table.put', () => applied(store, put), put);
    },
    async putMany(puts) {
      const copies = puts.map((put) => ({ ...put, item: frozenItem(put.item) }));
      const apply = (n: number) => applied(store, at(copies, n));
      return gate.passEach('table.put-many', copies.length, apply, copies);
    },
    remove: (key, condition) =>
      gate.pass('table.remove', () => store.remove(key, condition), { key, condition }),
    index: (name, range) =>
      gate.pass('table.index', () => store.index(name, range), { index: name, ...range }),
  };
}

const at = <T>(list: readonly T[], n: number): T => list[n] as T;
const applied = (store: TableStore, put: Put) => store.put(put.item, put.condition, put.relaxed);

/**
 * A page is no snapshot: its head and its tail are read one after the other. What is put in between may be seen in the
 * tail though something put before it is missing in the head.
 */
async function query(store: TableStore, gate: Gate, range: Range): Promise<Page> {
  let page: Page = { items: [], next: undefined };
  let revision = 0;
  const read = (part: number): void => {
    if (part === 0 || page.items.length === 0) {
      page = store.query(range);
      revision = store.revision;
    } else if (store.revision !== revision) page = withNewTail(store, range, page);
  };
  await gate.passEach('table.query', 2, read, range);
  return page;
}

function withNewTail(store: TableStore, range: Range, page: Page): Page {
  const head = page.items.slice(0, Math.ceil(page.items.length / 2));
  const last = head.at(-1) as Item;
  const after = JSON.stringify([last.sort, '']);
  const limit = range.limit === undefined ? {} : { limit: range.limit - head.length };
  if (limit.limit === 0) return page;
  const tail = store.query({ ...range, ...limit, after });
  return { items: [...head, ...tail.items], next: tail.next };
}
