/** Small records under ids of their own, such as accounts: each is changed under its version. */
import type { Ports } from '../ports/ports.ts';
import type { Condition, Item, Key } from '../ports/table.ts';
import { allShards, asData, fromData, shardOf } from './items.ts';
import { pagesOf } from './pages.ts';
import type { EngineSettings } from './settings.ts';

type Place = Pick<EngineSettings, 'namespace' | 'shards'>;

export interface Held<T> {
  readonly id: string;
  readonly version: number;
  readonly data: T;
}

/** The records of one kind. */
export interface Records<T extends object> {
  find(id: string): Promise<Held<T> | undefined>;
  /** All of them, by id. */
  all(): Promise<Held<T>[]>;
  /** Changes what is there, again when somebody else was first; `next` gives undefined to leave it as it is. */
  change(
    id: string,
    next: (before: T | undefined, version: number) => T | undefined,
    expiresAt?: number,
  ): Promise<T | undefined>;
  /** Whether it was there. */
  remove(id: string): Promise<boolean>;
}

const heldOf = <T>(item: Item): Held<T> => ({
  id: item.sort,
  version: item.version,
  data: fromData<T>(item.data),
});

const itemOf = (key: Key, before: Held<object> | undefined, data: object): Item => ({
  ...key,
  version: (before?.version ?? 0) + 1,
  data: asData(data),
});

const conditionOf = (before: Held<object> | undefined): Condition =>
  before === undefined ? 'absent' : { version: before.version };

/** `kind`: the name of their partitions. */
export function recordsOf<T extends object>(
  { table }: Pick<Ports, 'table'>,
  place: Place,
  kind: string,
): Records<T> {
  const partitionOf = (shard: string): string => `${place.namespace}/${kind}#${shard}`;
  const keyOf = (id: string): Key => ({ partition: partitionOf(shardOf(place, id)), sort: id });
  const find = async (id: string) => {
    const item = await table.get(keyOf(id));
    return item && heldOf<T>(item);
  };
  return {
    find,
    async all() {
      const found: Held<T>[] = [];
      for (const shard of allShards(place))
        for await (const items of pagesOf(table, { partition: partitionOf(shard) }))
          found.push(...items.map((item) => heldOf<T>(item)));
      return found.sort((a, b) => (a.id < b.id ? -1 : 1));
    },
    async change(id, next, expiresAt) {
      const expiry = expiresAt === undefined ? {} : { expiresAt };
      let before = await find(id);
      for (;;) {
        const data = next(before?.data, before?.version ?? 0);
        if (data === undefined) return undefined;
        const item = { ...itemOf(keyOf(id), before, data), ...expiry };
        const put = await table.put(item, conditionOf(before));
        if (put.done) return data;
        before = put.found && heldOf<T>(put.found);
      }
    },
    async remove(id) {
      const found = await find(id);
      if (found !== undefined) await table.remove(keyOf(id), 'any');
      return found !== undefined;
    },
  };
}
