/** Keys and shapes in the table of all that has to do with sign-in. */
import type { Role, Roles } from '../contract/access.ts';
import { allShards, asData, fromData, shardOf } from '../engine/items.ts';
import type { EngineSettings } from '../engine/settings.ts';
import type { Ports } from '../ports/ports.ts';
import type { Condition, Item, Key } from '../ports/table.ts';

export type AccessPorts = Pick<Ports, 'table' | 'clock'>;
export type Place = Pick<EngineSettings, 'namespace' | 'shards'>;

export interface Account {
  readonly password: string;
  readonly roles: Roles;
  /** Raised by all that ends what was signed in before. */
  readonly epoch: number;
  readonly createdAt: number;
}

/** From a sign-in until its end, or until somebody ends it. */
export interface SignIn {
  /** Undefined: the owner of the data folder. */
  readonly account?: string;
  readonly epoch: number;
  readonly kind: 'tokens' | 'cookie';
  /** Of the secret that counts now, and of the one before. */
  readonly hash: string;
  readonly before?: string;
  readonly rotatedAt: number;
  readonly seed: string;
  readonly endsAt: number;
  readonly ended?: true;
}

export interface StoredApiKey {
  readonly account: string;
  readonly epoch: number;
  readonly hash: string;
  readonly note?: string;
  readonly role?: Role;
  readonly createdAt: number;
  readonly expiresAt: number;
}

const kinds = {
  account: 'ACCOUNTS',
  signIn: 'SIGN-INS',
  apiKey: 'API-KEYS',
  tries: 'TRIES',
} as const;
export type RecordKind = keyof typeof kinds;

const partitionOf = (place: Place, kind: RecordKind, shard: string): string =>
  `${place.namespace}/${kinds[kind]}#${shard}`;

export const recordKey = (place: Place, kind: RecordKind, id: string): Key => ({
  partition: partitionOf(place, kind, shardOf(place, id)),
  sort: id,
});
export const signingKeysPartition = (place: Place): string => `${place.namespace}/SIGNING-KEYS`;

export interface Held<T> {
  readonly id: string;
  readonly version: number;
  readonly data: T;
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

/** The records of one kind. */
export interface Records<T extends object> {
  find(id: string): Promise<Held<T> | undefined>;
  /** All of them, by id. */
  all(): Promise<Held<T>[]>;
  /** Changes what is there, again when somebody else was first; `next` gives undefined to leave it as it is. */
  change(
    id: string,
    next: (before: T | undefined) => T | undefined,
    expiresAt?: number,
  ): Promise<T | undefined>;
  remove(id: string): Promise<boolean>;
}

export function recordsOf<T extends object>(
  { table }: Pick<Ports, 'table'>,
  place: Place,
  kind: RecordKind,
): Records<T> {
  const find = async (id: string) => {
    const item = await table.get(recordKey(place, kind, id));
    return item && heldOf<T>(item);
  };
  return {
    find,
    async all() {
      const partitions = allShards(place).map((shard) => partitionOf(place, kind, shard));
      const found: Held<T>[] = [];
      for (const partition of partitions) {
        for (let after: string | undefined; ; ) {
          const page = await table.query({ partition, ...(after !== undefined && { after }) });
          found.push(...page.items.map((item) => heldOf<T>(item)));
          if (page.next === undefined) break;
          after = page.next;
        }
      }
      return found.sort((a, b) => (a.id < b.id ? -1 : 1));
    },
    async change(id, next, expiresAt) {
      const key = recordKey(place, kind, id);
      const expiry = expiresAt === undefined ? {} : { expiresAt };
      let before = await find(id);
      for (;;) {
        const data = next(before?.data);
        if (data === undefined) return undefined;
        const item = { ...itemOf(key, before, data), ...expiry };
        const put = await table.put(item, conditionOf(before));
        if (put.done) return data;
        before = put.found && heldOf<T>(put.found);
      }
    },
    async remove(id) {
      const found = await find(id);
      if (found !== undefined) await table.remove(recordKey(place, kind, id), 'any');
      return found !== undefined;
    },
  };
}
