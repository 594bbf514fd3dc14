import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from '@jest/globals';
import { toRow } from '../../../src/adapters/aws/row.ts';
import { dynamoTable } from '../../../src/adapters/aws/table.ts';
import type { Item, Put } from '../../../src/ports/table.ts';
import { Unavailable } from '../../../src/ports/table.ts';
import {
  type Answer,
  nowhere,
  quickPatience,
  silence,
  stub,
  throttled,
} from '../../support/aws-stub.ts';

const item = (version: number, data = {}, sort = 'a'): Item => ({
  partition: 'p',
  sort,
  version,
  data,
});

function tableWith(answer: Answer, triesMax = 4) {
  const { client, calls } = stub(new DynamoDBClient(nowhere), answer);
  const patience = { ...quickPatience(), triesMax };
  return { table: dynamoTable({ client, tableName: 't', patience, parallel: 4 }), calls };
}

const refusal = (found?: object) =>
  new ConditionalCheckFailedException({
    message: 'no',
    $metadata: { httpStatusCode: 400 },
    ...(found && { Item: found as never }),
  });

const ofAnother = (version: number) => toRow(item(version, { theirs: true }), new Uint8Array(8));

describe('a put that is answered by silence, and refused when it is made again,', () => {
  test('was done when what lies there is its own', async () => {
    let own: object | undefined;
    const { table } = tableWith((_command, input: { Item: object }, call) => {
      own ??= input.Item;
      if (call === 1) throw silence();
      throw refusal(own);
    });
    expect(await table.put(item(1), 'absent')).toEqual({ done: true });
  });

  test('was refused when another’s lies there that cannot rest on it', async () => {
    const { table } = tableWith((_command, _input, call) => {
      throw call === 1 ? silence() : refusal(ofAnother(2));
    });
    const result = await table.put(item(2), { version: 1 });
    expect(result).toEqual({ done: false, found: expect.objectContaining({ version: 2 }) });
  });

  test.each([
    ['a later version lies there', ofAnother(3)],
    ['nothing lies there any more', undefined],
  ])('may have been done when %s: nobody can tell', async (_name, found) => {
    const { table } = tableWith((_command, _input, call) => {
      throw call === 1 ? silence() : refusal(found);
    });
    await expect(table.put(item(2), { version: 1 })).rejects.toThrow(Unavailable);
  });

  test('is refused for what looks like it, too: the mark decides', async () => {
    const { table } = tableWith((_command, _input, call) => {
      throw call === 1 ? silence() : refusal(toRow(item(2, { n: 1 }), new Uint8Array(8)));
    });
    expect((await table.put(item(2, { n: 1 }), { version: 1 })).done).toBe(false);
  });
});

test('a put that is throttled and then refused is refused, whatever lies there', async () => {
  const { table, calls } = tableWith((_command, _input, call) => {
    throw call < 3 ? throttled() : refusal(ofAnother(9));
  });
  expect((await table.put(item(2), { version: 1 })).done).toBe(false);
  expect(calls).toHaveLength(3);
});

test('a removal that is answered by silence may have been done when nothing lies there', async () => {
  const { table } = tableWith((_command, _input, call) => {
    throw call === 1 ? silence() : refusal();
  });
  const removed = table.remove({ partition: 'p', sort: 'a' }, { version: 1 });
  await expect(removed).rejects.toThrow(Unavailable);
});

describe('puts without a condition', () => {
  const puts = (count: number): Put[] =>
    Array.from({ length: count }, (_, n) => ({ item: item(1, {}, `s${n}`), condition: 'any' }));
  type Batch = { readonly RequestItems: { readonly t: readonly object[] } };

  test('travel in 25s, and what was not processed travels again until it was', async () => {
    const put: object[] = [];
    const { table, calls } = tableWith((_command, { RequestItems: { t } }: Batch, call) => {
      const left = call <= 3 ? t.slice(0, Math.floor(t.length / 2)) : [];
      put.push(...t.slice(left.length));
      return left.length > 0 ? { UnprocessedItems: { t: left } } : {};
    });
    expect(await table.putMany(puts(60))).toEqual(Array(60).fill({ done: true }));
    expect(put).toHaveLength(60);
    expect(calls.map(({ command }) => command)).toEqual(calls.map(() => 'BatchWriteItem'));
    for (const { input } of calls) expect(input.RequestItems.t.length).toBeLessThanOrEqual(25);
  });

  test('are given up when nothing is processed any more, and none is called done', async () => {
    const { table } = tableWith((_command, { RequestItems }: Batch) => ({
      UnprocessedItems: RequestItems,
    }));
    await expect(table.putMany(puts(3))).rejects.toThrow(Unavailable);
  });

  test('under one key do not travel together', async () => {
    const { table, calls } = tableWith(() => ({}));
    const [one] = puts(1) as [Put];
    await table.putMany([one, one, ...puts(3).slice(1)]);
    const batch = calls.find(({ command }) => command === 'BatchWriteItem')?.input;
    expect(batch.RequestItems.t).toHaveLength(3);
    expect(calls.filter(({ command }) => command === 'PutItem')).toHaveLength(1);
  });
});

test('of many puts of which one fails, all others are made before it is told', async () => {
  const made: string[] = [];
  const { table } = tableWith((_command, { Item }: { Item: { s: { S: string } } }) => {
    if (Item.s.S === 's2') throw silence();
    made.push(Item.s.S);
  });
  const puts = Array.from({ length: 9 }, (_, n) => ({
    item: item(1, {}, `s${n}`),
    condition: 'absent' as const,
  }));
  await expect(table.putMany(puts)).rejects.toThrow(Unavailable);
  expect(made.sort()).toEqual(['s0', 's1', 's3', 's4', 's5', 's6', 's7', 's8']);
});

test('keys that were not processed are asked for again, each once, 100 at a time', async () => {
  type Keys = { readonly RequestItems: { readonly t: { readonly Keys: { s: { S: string } }[] } } };
  const { table, calls } = tableWith((_command, { RequestItems }: Keys, call) => {
    const { Keys } = RequestItems.t;
    const left = call === 1 ? Keys.slice(10) : [];
    const rows = Keys.slice(0, Keys.length - left.length);
    return {
      Responses: { t: rows.map(({ s }) => toRow(item(1, {}, s.S), new Uint8Array(8))) },
      ...(left.length > 0 && { UnprocessedKeys: { t: { Keys: left } } }),
    };
  });
  const keys = Array.from({ length: 150 }, (_, n) => ({ partition: 'p', sort: `s${n % 120}` }));
  const found = await table.getMany(keys);
  expect(found.map((one) => one?.sort)).toEqual(keys.map(({ sort }) => sort));
  expect(calls.map(({ input }) => input.RequestItems.t.Keys.length).sort()).toEqual([100, 20, 90]);
});

describe('a row', () => {
  test('of much data is packed, and of little is not', () => {
    const text = 'the same again and again. '.repeat(200);
    expect(Object.keys(toRow(item(1, { text }), new Uint8Array(8)))).toContain('z');
    expect(Object.keys(toRow(item(1, { n: 1 }), new Uint8Array(8)))).toContain('d');
  });

  test('expires not before its time', () => {
    const { x } = toRow({ ...item(1), expiresAt: 1_700_000_000_001 }, new Uint8Array(8));
    expect(x).toEqual({ N: '1700000001' });
  });
});
