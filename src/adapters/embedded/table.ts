import type {
  IndexName,
  Item,
  Key,
  Page,
  Put,
  PutResult,
  Range,
  Table,
} from '../../ports/table.ts';
import type { Change } from './change.ts';
import type { GroupCommit } from './group-commit.ts';
import type { ItemFile } from './item-file.ts';
import { fileKey, placeOf, toRow } from './row.ts';

/** Reads are answered from what is committed, at once; changes once they are. */
export function embeddedTable(
  items: ItemFile,
  commits: GroupCommit,
  read: <T>(work: () => T, place: () => string) => T,
): Table {
  const find = (key: Key): Item | undefined =>
    read(
      () => items.get(fileKey(key)),
      () => placeOf(fileKey(key)),
    );
  const one = async (change: Change): Promise<PutResult> =>
    (await commits.commit([change]))[0] as PutResult;
  return {
    get: async (key) => find(key),
    getMany: async (keys) => keys.map(find),
    query: async (range: Range): Promise<Page> =>
      read(
        () => items.query(range),
        () => `partition ${JSON.stringify(range.partition)}`,
      ),
    index: async (name: IndexName, range: Range): Promise<Page> =>
      read(
        () => items.index(name, range),
        () => `index ${name} ${JSON.stringify(range.partition)}`,
      ),
    put: async (item, condition) => one(putOf({ item, condition })),
    putMany: async (puts) => {
      const changes = puts.map(putOf);
      const early = puts.every(({ relaxed }) => relaxed === true);
      return early ? commits.commitEarly(changes) : commits.commit(changes);
    },
    remove: async (key, condition) =>
      one({ k: fileKey(key), row: undefined, item: undefined, condition }),
  };
}

function putOf({ item, condition, unhurried }: Put): Change {
  const row = toRow(item);
  return { k: row.k, row, item, condition, unhurried };
}
