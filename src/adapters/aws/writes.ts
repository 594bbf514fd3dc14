import { randomFillSync } from 'node:crypto';
import {
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import {
  type Condition,
  type Item,
  type Key,
  type Put,
  type PutResult,
  Unavailable,
} from '../../ports/table.ts';
import { inParallel, partsOf } from './in-parallel.ts';
import { insist, type Patience, pause } from './insist.ts';
import { fromRow, type Row, rowKey, toRow } from './row.ts';

/** A table of DynamoDB, and how it is asked. */
export interface DynamoTarget {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly patience: Patience;
  /** Calls under way together for one call of ours. */
  readonly parallel: number;
}

/** DynamoDB's limits for one batch. The second is 16 MB; this many items of ours at their largest stay below it. */
const batchMax = 25;
const writerBytes = 8;

const newWriter = (): Uint8Array => randomFillSync(new Uint8Array(writerBytes));

/** DynamoDB's words for a condition. */
function asked(condition: Condition): {
  ConditionExpression?: string;
  ExpressionAttributeValues?: Row;
} {
  if (condition === 'any') return {};
  if (condition === 'absent') return { ConditionExpression: 'attribute_not_exists(p)' };
  return {
    ConditionExpression: 'v = :v',
    ExpressionAttributeValues: { ':v': { N: String(condition.version) } },
  };
}

/** Under a condition, or alone: one call each. Without one, several travel together, which saves calls, not units. */
export async function putAll(target: DynamoTarget, puts: readonly Put[]): Promise<PutResult[]> {
  const results = new Array<PutResult>(puts.length);
  // All that the caller could still change is copied before anything is waited for.
  const rows = puts.map(({ item }) => toRow(item, newWriter()));
  const free = freeOnes(puts);
  const batches = partsOf(free.length > 1 ? free : [], batchMax);
  const batched = new Set(batches.flat());
  const single = puts.flatMap((_, index) => (batched.has(index) ? [] : [index]));
  await Promise.all([
    inParallel(single, target.parallel, async (index) => {
      const { item, condition } = puts[index] as Put;
      results[index] = await putOne(target, item, rows[index] as Row, condition);
    }),
    inParallel(batches, target.parallel, async (batch) => {
      await putBatch(
        target,
        batch.map((index) => rows[index] as Row),
      );
      for (const index of batch) results[index] = { done: true };
    }),
  ]);
  return results;
}

/** Those that need no condition; of two under one key the first, since a batch may hold a key once only. */
function freeOnes(puts: readonly Put[]): number[] {
  const keys = new Set<string>();
  return puts.flatMap(({ item, condition }, index) => {
    const key = `${item.partition}\0${item.sort}`;
    if (condition !== 'any' || keys.has(key)) return [];
    keys.add(key);
    return [index];
  });
}

async function putOne(
  target: DynamoTarget,
  item: Item,
  row: Row,
  condition: Condition,
): Promise<PutResult> {
  const what = `put ${item.partition} ${item.sort}`;
  return insist(target.patience, what, async (mayBeDone) => {
    try {
      await target.client.send(
        new PutItemCommand({
          TableName: target.tableName,
          Item: row,
          ...asked(condition),
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return { done: true };
    } catch (error) {
      const found = refusedBy(error);
      if (!mayBeDone) return { done: false, found: found && fromRow(found) };
      return afterSilence(what, item.version, row, found);
    }
  });
}

/** The item that refused the write; undefined: none. Throws what is no refusal. */
function refusedBy(error: unknown): Row | undefined {
  if (error instanceof ConditionalCheckFailedException) return error.Item;
  throw error;
}

/**
 * A write that was answered by silence and then refused may have been refused by itself: then it bears our mark. When
 * what lies there rests on a later version, ours may have been there in between, and nobody can tell.
 */
function afterSilence(what: string, version: number, row: Row, found: Row | undefined): PutResult {
  const mark = found?.w?.B;
  if (mark && Buffer.compare(mark, row.w?.B as Uint8Array) === 0) return { done: true };
  const item = found && fromRow(found);
  if (item === undefined || item.version > version)
    throw new Unavailable(`${what}: not known whether it was applied before it was overwritten`);
  return { done: false, found: item };
}

async function putBatch(target: DynamoTarget, rows: readonly Row[]): Promise<void> {
  const { client, tableName, patience } = target;
  const { triesMax = 8 } = patience;
  let open = rows.map((Item) => ({ PutRequest: { Item } }));
  for (let tries = 1; open.length > 0; tries++) {
    const { UnprocessedItems } = await insist(patience, `put ${open.length} items`, () =>
      client.send(new BatchWriteItemCommand({ RequestItems: { [tableName]: open } })),
    );
    const left = (UnprocessedItems?.[tableName] ?? []).flatMap(({ PutRequest }) =>
      PutRequest?.Item ? [{ PutRequest: { Item: PutRequest.Item } }] : [],
    );
    if (left.length > 0 && left.length === open.length && tries >= triesMax)
      throw new Unavailable(`${left.length} items were not put, ${tries} times`);
    // What went through counts as progress: only a standstill is given up.
    if (left.length < open.length) tries = 0;
    open = left;
    if (open.length > 0) await pause(patience, tries + 1);
  }
}

export async function removeOne(
  target: DynamoTarget,
  key: Key,
  condition: Condition,
): Promise<PutResult> {
  const Key = rowKey(key);
  const what = `remove ${key.partition} ${key.sort}`;
  return insist(target.patience, what, async (mayBeDone) => {
    try {
      await target.client.send(
        new DeleteItemCommand({
          TableName: target.tableName,
          Key,
          ...asked(condition),
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return { done: true };
    } catch (error) {
      const found = refusedBy(error);
      if (mayBeDone && found === undefined)
        throw new Unavailable(`${what}: not known whether it was applied, or somebody else's was`);
      return { done: false, found: found && fromRow(found) };
    }
  });
}
