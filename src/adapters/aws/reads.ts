import {
  BatchGetItemCommand,
  GetItemCommand,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb';
import {
  type IndexName,
  type Item,
  type Key,
  type Page,
  type Range,
  Unavailable,
} from '../../ports/table.ts';
import { inParallel, partsOf } from './in-parallel.ts';
import { insist, pause } from './insist.ts';
import { fromRow, indexKeys, keyOf, type Row, rowKey } from './row.ts';
import type { DynamoTarget } from './writes.ts';

/** DynamoDB's limit for one call. */
const batchMax = 100;

export async function getOne(target: DynamoTarget, key: Key): Promise<Item | undefined> {
  const { client, tableName: TableName, patience } = target;
  const Key = rowKey(key);
  const { Item } = await insist(patience, `get ${key.partition} ${key.sort}`, () =>
    client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true })),
  );
  return Item && fromRow(Item);
}

const nameOf = ({ partition, sort }: Key): string => `${partition}\0${sort}`;

export async function getAll(
  target: DynamoTarget,
  keys: readonly Key[],
): Promise<(Item | undefined)[]> {
  if (keys.length === 1) return [await getOne(target, keys[0] as Key)];
  const distinct = new Map(keys.map((key) => [nameOf(key), rowKey(key)]));
  const found = new Map<string, Item>();
  await inParallel(partsOf([...distinct.values()], batchMax), target.parallel, async (part) => {
    for (const row of await getBatch(target, part)) found.set(nameOf(keyOf(row)), fromRow(row));
  });
  return keys.map((key) => found.get(nameOf(key)));
}

/** Until there are no unprocessed keys: an answer holds 16 MB at most, and less when the table is throttled. */
async function getBatch(target: DynamoTarget, keys: readonly Row[]): Promise<Row[]> {
  const { client, tableName, patience } = target;
  const { triesMax = 8 } = patience;
  const rows: Row[] = [];
  let open: Row[] = [...keys];
  for (let standstill = 0; open.length > 0; ) {
    const Keys = open;
    const { Responses, UnprocessedKeys } = await insist(patience, `get ${Keys.length} items`, () =>
      client.send(
        new BatchGetItemCommand({ RequestItems: { [tableName]: { Keys, ConsistentRead: true } } }),
      ),
    );
    rows.push(...(Responses?.[tableName] ?? []));
    open = UnprocessedKeys?.[tableName]?.Keys ?? [];
    standstill = open.length < Keys.length ? 0 : standstill + 1;
    if (standstill >= triesMax)
      throw new Unavailable(`${open.length} items were not read, ${standstill} times`);
    if (open.length > 0) await pause(patience, standstill + 1);
  }
  return rows;
}

interface Names {
  readonly partition: string;
  readonly sort: string;
}

const bytesOrder = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/**
 * DynamoDB takes one condition on the sort key, and between two keys both are in: whoever calls leaves out what lies
 * under the last. Undefined: nothing can lie there.
 */
function sortCondition(first: string | undefined, to: string | undefined): string | undefined {
  if (first === undefined) return to === undefined ? '' : ' AND #s < :to';
  if (to === undefined) return ' AND #s >= :from';
  return bytesOrder(first, to) < 0 ? ' AND #s BETWEEN :from AND :to' : undefined;
}

function condition(
  { partition, from, to }: Range,
  names: Names,
): Omit<QueryCommandInput, 'TableName'> | undefined {
  // No key is empty, and none may be asked for that is.
  const first = from === '' ? undefined : from;
  const text = to === '' ? undefined : sortCondition(first, to);
  if (text === undefined) return undefined;
  return {
    KeyConditionExpression: `#p = :p${text}`,
    ExpressionAttributeNames: { '#p': names.partition, ...(text !== '' && { '#s': names.sort }) },
    ExpressionAttributeValues: {
      ':p': { S: partition },
      ...(first !== undefined && { ':from': { S: first } }),
      ...(to !== undefined && { ':to': { S: to } }),
    },
  };
}

interface Rows {
  readonly rows: readonly Row[];
  readonly last: Row | undefined;
}

async function queryRows(
  target: DynamoTarget,
  range: Range,
  names: Names,
  more: Partial<QueryCommandInput>,
): Promise<Rows> {
  const asked = condition(range, names);
  if (asked === undefined) return { rows: [], last: undefined };
  const { client, tableName: TableName, patience } = target;
  const { Items = [], LastEvaluatedKey } = await insist(patience, `query ${range.partition}`, () =>
    client.send(
      new QueryCommand({
        ...asked,
        ...more,
        TableName,
        ...(range.limit !== undefined && { Limit: Math.max(1, range.limit) }),
        ...(range.reverse && { ScanIndexForward: false }),
      }),
    ),
  );
  const rows = Items.filter((row) => row[names.sort]?.S !== range.to);
  return { rows, last: LastEvaluatedKey };
}

export async function queryPage(target: DynamoTarget, range: Range): Promise<Page> {
  const start = range.after !== undefined && {
    ExclusiveStartKey: { p: { S: range.partition }, s: { S: fromCursor(range.after) } },
  };
  const more = { ConsistentRead: true, ...start };
  const { rows, last } = await queryRows(target, range, { partition: 'p', sort: 's' }, more);
  return { items: rows.map(fromRow), next: last && toCursor(keyOf(last).sort) };
}

/**
 * Indexes hold keys only: an item is written often and moves in its indexes seldom, and each index would be paid for as
 * often as the item is written. So the items are read from the table, as they are now.
 */
export async function indexPage(
  target: DynamoTarget,
  name: IndexName,
  range: Range,
): Promise<Page> {
  const names = indexKeys[name];
  const start = range.after !== undefined && {
    ExclusiveStartKey: startOf(names, range.partition, fromCursor(range.after)),
  };
  const { rows, last } = await queryRows(target, range, names, { IndexName: name, ...start });
  const items = await getAll(target, rows.map(keyOf));
  return {
    items: items.filter((item) => item !== undefined),
    next: last && toCursor(JSON.stringify([last[names.sort]?.S, last.p?.S, last.s?.S])),
  };
}

function startOf(names: Names, partition: string, cursor: string): Row {
  const [entry, p, s] = JSON.parse(cursor) as [string, string, string];
  return {
    [names.partition]: { S: partition },
    [names.sort]: { S: entry },
    p: { S: p },
    s: { S: s },
  };
}

/** As a text that may stand in an address. */
const toCursor = (text: string): string => Buffer.from(text).toString('base64url');
const fromCursor = (cursor: string): string => Buffer.from(cursor, 'base64url').toString();
