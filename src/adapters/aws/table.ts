import type { Put, Table } from '../../ports/table.ts';
import { getAll, getOne, indexPage, queryPage } from './reads.ts';
import { type DynamoTarget, putAll, removeOne } from './writes.ts';

/**
 * A table of DynamoDB. All reads but those of indexes are strong. A relaxed put is a put like any other: DynamoDB has
 * no cheaper one.
 */
export function dynamoTable(target: DynamoTarget): Table {
  const putMany = async (puts: readonly Put[]) => (puts.length === 0 ? [] : putAll(target, puts));
  return {
    get: (key) => getOne(target, key),
    getMany: async (keys) => (keys.length === 0 ? [] : getAll(target, keys)),
    query: (range) => queryPage(target, range),
    index: (name, range) => indexPage(target, name, range),
    put: async (item, condition) => {
      const [result] = await putMany([{ item, condition }]);
      return result as NonNullable<typeof result>;
    },
    putMany,
    remove: async (key, condition) => removeOne(target, key, condition),
  };
}
