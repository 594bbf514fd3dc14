import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '../../src/contract/json.ts';
import type { Condition, Item, Key, Put, PutResult, Table } from '../../src/ports/table.ts';
import { testTableIndexes } from './table-index.suite.ts';
import {
  byBytes,
  freshPartition,
  item,
  plain,
  plainResult,
  readAll,
  sorts,
  type TableSubject,
} from './table-kit.ts';
import { testTableModel } from './table-model.suite.ts';

export type { TableSubject } from './table-kit.ts';

/** Holds an adapter to the promises of `Table`. */
export function testTable(name: string, make: () => Promise<TableSubject>): void {
  describe(`${name} keeps the promises of a table:`, () => {
    let subject: TableSubject;
    let table: Table;
    beforeAll(async () => {
      subject = await make();
      table = subject.table;
    });
    afterAll(async () => subject.close?.());
    const current = () => subject;

    testConditions(() => table);
    testValues(() => table);
    testRanges(() => table);
    testRaces(() => table);
    testTableIndexes(current);
    testTableModel(current);

    test('a relaxed put is read at once, and is there after a later one was answered', async () => {
      const p = freshPartition();
      const relaxed = (n: number): Put => ({
        item: item(p, 'a', n, { n }),
        condition: n === 1 ? 'absent' : { version: n - 1 },
        relaxed: true,
      });
      for (let n = 1; n <= 3; n++) {
        expect(await table.putMany([relaxed(n)])).toEqual([{ done: true }]);
        expect((await table.get({ partition: p, sort: 'a' }))?.data).toEqual({ n });
      }
      const [refused] = await table.putMany([relaxed(2)]);
      expect(refused?.done).toBe(false);
      await table.put(item(p, 'b', 1, {}), 'absent');
      if (subject.reopen === undefined) return;
      table = await subject.reopen();
      subject = { ...subject, table };
      expect((await table.get({ partition: p, sort: 'a' }))?.data).toEqual({ n: 3 });
    });

    test('what was answered is there after the process ended', async () => {
      if (subject.reopen === undefined) return;
      const p = freshPartition();
      const puts = Array.from({ length: 300 }, (_, n) => ({
        item: item(p, `s${n}`, 1, { n }, { bytes: Uint8Array.of(n & 255), expiresAt: 9e12 + n }),
        condition: 'absent' as const,
      }));
      await table.putMany(puts);
      await table.remove({ partition: p, sort: 's0' }, 'any');
      table = await subject.reopen();
      subject = { ...subject, table };
      const found = await table.getMany(puts.map((put) => put.item));
      expect(found.map(plain)).toEqual([undefined, ...puts.slice(1).map((put) => plain(put.item))]);
    });
  });
}

function testConditions(table: () => Table): void {
  const there = (key: Key): Item => item(key.partition, key.sort, 3, { old: true });
  const cases: readonly [Condition, boolean, boolean][] = [
    ['absent', false, true],
    ['absent', true, false],
    ['any', false, true],
    ['any', true, true],
    [{ version: 3 }, false, false],
    [{ version: 3 }, true, true],
    [{ version: 2 }, true, false],
    [{ version: 4 }, true, false],
  ];
  for (const [condition, occupied, want] of cases) {
    const title = `under ${JSON.stringify(condition)} where ${occupied ? 'version 3' : 'nothing'} lies is ${want ? 'done' : 'refused'}`;
    const begin = async (): Promise<Key> => {
      const key = { partition: freshPartition(), sort: 'a' };
      if (occupied) await table().put(there(key), 'absent');
      return key;
    };
    const refused = (key: Key) => ({
      done: false,
      found: occupied ? plain(there(key)) : undefined,
    });

    test(`a put ${title}`, async () => {
      const key = await begin();
      const changed = item(key.partition, key.sort, 4, { fresh: true });
      const result = await table().put(changed, condition);
      expect(plainResult(result)).toEqual(want ? { done: true } : refused(key));
      const after = want ? changed : occupied ? there(key) : undefined;
      expect(plain(await table().get(key))).toEqual(plain(after));
    });

    test(`a remove ${title}`, async () => {
      const key = await begin();
      const result = await table().remove(key, condition);
      expect(plainResult(result)).toEqual(want ? { done: true } : refused(key));
      const after = !want && occupied ? there(key) : undefined;
      expect(plain(await table().get(key))).toEqual(plain(after));
    });
  }

  test('many puts are answered each, in order, and a refused one harms no other', async () => {
    const p = freshPartition();
    await table().put(item(p, 'b', 7), 'absent');
    const results = await table().putMany([
      { item: item(p, 'a'), condition: 'absent' },
      { item: item(p, 'b'), condition: 'absent' },
      { item: item(p, 'c'), condition: { version: 1 } },
      { item: item(p, 'd'), condition: 'any' },
    ]);
    expect(results.map(plainResult)).toEqual([
      { done: true },
      { done: false, found: plain(item(p, 'b', 7)) },
      { done: false, found: undefined },
      { done: true },
    ]);
    expect(sorts(await readAll((range) => table().query(range), { partition: p }))).toEqual([
      'a',
      'b',
      'd',
    ]);
  });

  test('no puts are answered by no answers', async () => {
    expect(await table().putMany([])).toEqual([]);
    expect(await table().getMany([])).toEqual([]);
  });
}

const oddKeys = [
  '__proto__',
  'constructor',
  'toString',
  '',
  'ä',
  '\u{1F600}',
  'a b',
  '#',
  '~',
  '%',
  "'",
  '"',
];

/** Given back as it was, or refused; never anything else. */
async function givenBackOrRefused(table: Table, put: Item): Promise<void> {
  let result: PutResult;
  try {
    result = await table.put(put, 'any');
  } catch {
    expect(await table.get({ partition: put.partition, sort: 'other' })).toBeUndefined();
    return;
  }
  expect(result).toEqual({ done: true });
  const found = await table.get(put);
  expect(JSON.stringify(found?.data)).toBe(JSON.stringify(put.data));
  expect(found?.sort).toBe(put.sort);
}

function testValues(table: () => Table): void {
  test('an item comes back with all its fields', async () => {
    const p = freshPartition();
    const whole = item(
      p,
      'a',
      5,
      { list: [1, 'x', null, { y: false }] },
      {
        bytes: Uint8Array.from({ length: 256 }, (_, n) => n),
        expiresAt: 4_102_444_800_000,
        indexes: { recent: { partition: p, sort: '1' }, workflow: { partition: p, sort: '2' } },
      },
    );
    await table().put(whole, 'absent');
    expect(plain(await table().get(whole))).toEqual(plain(whole));
    const bare = item(p, 'a', 6);
    await table().put(bare, { version: 5 });
    expect(plain(await table().get(whole))).toEqual(plain(bare));
  });

  test('no bytes and empty bytes are two things', async () => {
    const p = freshPartition();
    await table().put(item(p, 'a', 1, {}, { bytes: new Uint8Array() }), 'absent');
    await table().put(item(p, 'b', 1, {}), 'absent');
    expect((await table().get({ partition: p, sort: 'a' }))?.bytes).toHaveLength(0);
    expect((await table().get({ partition: p, sort: 'b' }))?.bytes).toBeUndefined();
  });

  test('what the caller changes after the call changes nothing', async () => {
    const p = freshPartition();
    const data = { n: 1, list: [1] };
    const bytes = Uint8Array.of(1);
    const put = table().put(item(p, 'a', 1, data, { bytes }), 'absent');
    data.n = 2;
    data.list.push(2);
    bytes[0] = 2;
    await put;
    const found = await table().get({ partition: p, sort: 'a' });
    expect(plain(found)).toEqual(
      plain(item(p, 'a', 1, { n: 1, list: [1] }, { bytes: Uint8Array.of(1) })),
    );
  });

  test('items come in the order of the keys asked, also twice, and missing ones as undefined', async () => {
    const p = freshPartition();
    const keys = ['c', 'a', 'none', 'b', 'a'].map((sort) => ({ partition: p, sort }));
    for (const sort of ['a', 'b', 'c']) await table().put(item(p, sort), 'absent');
    const found = await table().getMany(keys);
    expect(found.map((one) => one?.sort)).toEqual(['c', 'a', undefined, 'b', 'a']);
  });

  test('more keys than one call of any service takes are found', async () => {
    const p = freshPartition();
    const items = Array.from({ length: 250 }, (_, n) => item(p, `k${n}`, 1, { n }));
    await table().putMany(items.map((one) => ({ item: one, condition: 'absent' })));
    expect((await table().getMany(items)).map((one) => one?.data.n)).toEqual(
      items.map(({ data }) => data.n),
    );
  });

  test('odd names and texts come back as they were, or are refused', async () => {
    const odd = [...oddKeys, '\0', 'a\0b', '\ud800', 'x\udc00y', '\uffff', '\u2028', '\ufeff'];
    for (const text of odd) {
      const data: JsonObject = JSON.parse(`{${JSON.stringify(text)}:${JSON.stringify(text)}}`);
      await givenBackOrRefused(table(), item(freshPartition(), 'a', 1, data));
      if (text !== '') await givenBackOrRefused(table(), item(freshPartition(), text));
    }
  });

  test('any JSON comes back as it was, or is refused', async () => {
    const key = { partition: freshPartition(), sort: 'a' };
    const values = fc.jsonValue({ maxDepth: 6, noUnicodeString: false, stringUnit: 'binary' });
    await fc.assert(
      fc.asyncProperty(values, async (value) => {
        await givenBackOrRefused(table(), { ...key, version: 1, data: { value } as JsonObject });
      }),
      { numRuns: 200 },
    );
  });

  test('numbers at the edge come back as they were', async () => {
    const p = freshPartition();
    const numbers = [0, 1, -1, 2 ** 53, -(2 ** 53), 1e308, 5e-324, 0.1, 1 / 3, 4.2e-7];
    await table().put(item(p, 'a', 2 ** 40, { numbers }), 'absent');
    const found = await table().get({ partition: p, sort: 'a' });
    expect([found?.version, found?.data.numbers]).toEqual([2 ** 40, numbers]);
  });

  test('an item of 340 KB is kept, one of 2 MB is refused', async () => {
    const p = freshPartition();
    const large = item(
      p,
      'a',
      1,
      { text: 'x'.repeat(200 * 1024) },
      {
        bytes: new Uint8Array(140 * 1024).fill(7),
      },
    );
    await table().put(large, 'absent');
    expect(plain(await table().get(large))).toEqual(plain(large));
    const huge = item(p, 'b', 1, { text: 'x'.repeat(2 * 1024 * 1024) });
    await expect(table().put(huge, 'absent')).rejects.toThrow();
    expect(await table().get(huge)).toBeUndefined();
  });

  test('an item that has expired is there or not, and a put over it is no error', async () => {
    const p = freshPartition();
    await table().put(item(p, 'a', 1, {}, { expiresAt: 1000 }), 'absent');
    const found = await table().get({ partition: p, sort: 'a' });
    expect([undefined, 1]).toContain(found?.version);
    expect(await table().put(item(p, 'a', 2), 'any')).toEqual({ done: true });
    expect((await table().get({ partition: p, sort: 'a' }))?.version).toBe(2);
  });
}

function testRanges(table: () => Table): void {
  const keys = ['a', 'a#', 'a#1', 'a#10', 'a#2', 'b', 'B', 'ä', 'z', '~', '\u20ac', '\ufb01', '1'];
  const ordered = [...keys].sort(byBytes);
  let p: string;
  const query = (range: object) => readAll((all) => table().query(all), { partition: p, ...range });
  beforeAll(async () => {
    p = freshPartition();
    await table().putMany(keys.map((sort) => ({ item: item(p, sort), condition: 'absent' })));
    await table().put(item(`${p}2`, 'other'), 'absent');
    await table().put(item(p.slice(0, -1), 'other'), 'absent');
  });

  test('a partition is read in the order of the UTF-8 bytes of its sort keys, and nothing else', async () => {
    expect(sorts(await query({}))).toEqual(ordered);
    expect(sorts(await query({ reverse: true }))).toEqual([...ordered].reverse());
  });

  test('from is inclusive and to is exclusive, whether they exist or not', async () => {
    for (const from of ['a#', 'a#0', 'nothing'])
      for (const to of ['a#2', 'b', '\uffff']) {
        const want = ordered.filter((sort) => byBytes(sort, from) >= 0 && byBytes(sort, to) < 0);
        expect(sorts(await query({ from, to }))).toEqual(want);
        expect(sorts(await query({ from, to, reverse: true }))).toEqual([...want].reverse());
      }
    expect(await query({ from: 'b', to: 'a' })).toEqual([]);
    expect(await query({ from: 'b', to: 'b' })).toEqual([]);
  });

  test('pages of any size join to the whole, each item once', async () => {
    for (const limit of [1, 2, 3, 5, keys.length, 100])
      for (const reverse of [false, true]) {
        const want = reverse ? [...ordered].reverse() : ordered;
        expect(sorts(await query({ limit, reverse }))).toEqual(want);
        const part = await query({ limit, reverse, from: 'a', to: 'b' });
        expect(sorts(part)).toEqual(want.filter((sort) => /^a/.test(sort)));
      }
  });

  test('a page goes on where the last one ended, though that item is gone', async () => {
    const own = freshPartition();
    for (const sort of ['a', 'b', 'c', 'd']) await table().put(item(own, sort), 'absent');
    const first = await table().query({ partition: own, limit: 2 });
    const last = first.items.at(-1)?.sort as string;
    await table().remove({ partition: own, sort: last }, 'any');
    const { next } = first;
    const rest = await readAll((range) => table().query(range), {
      partition: own,
      from: '',
      ...(next !== undefined && { after: next }),
    });
    expect([...sorts(first.items), ...sorts(rest)]).toEqual(['a', 'b', 'c', 'd']);
  });

  test('a large partition is read to its end without a limit', async () => {
    const own = freshPartition();
    const text = 'x'.repeat(2000);
    const puts = Array.from({ length: 1500 }, (_, n) => ({
      item: item(own, String(n).padStart(5, '0'), 1, { text }),
      condition: 'absent' as const,
    }));
    await table().putMany(puts);
    const found = await readAll((range) => table().query(range), { partition: own });
    expect(sorts(found)).toEqual(puts.map((put) => put.item.sort));
  });

  test('an empty partition is an empty page', async () => {
    expect(await table().query({ partition: freshPartition() })).toEqual({
      items: [],
      next: undefined,
    });
  });
}

function testRaces(table: () => Table): void {
  test('of many who insert under one key at once exactly one wins, and the others see its item', async () => {
    const p = freshPartition();
    const sortsOf = ['a', 'b', 'c', 'd', 'e'];
    const claims = Array.from({ length: 20 }, (_, racer) =>
      table().putMany(
        sortsOf.map((sort) => ({ item: item(p, sort, 1, { racer }), condition: 'absent' })),
      ),
    );
    const results = await Promise.all(claims);
    for (const [at, sort] of sortsOf.entries()) {
      const winners = results.flatMap((one, racer) => (one[at]?.done ? [racer] : []));
      expect(winners).toHaveLength(1);
      const found = await table().get({ partition: p, sort });
      expect(found?.data).toEqual({ racer: winners[0] });
      for (const one of results) {
        const result = one[at] as PutResult;
        if (!result.done) expect(result.found?.data).toEqual({ racer: winners[0] });
      }
    }
  });

  test('counting up under the version loses no step', async () => {
    const key = { partition: freshPartition(), sort: 'a' };
    await table().put({ ...key, version: 1, data: { n: 0 } }, 'absent');
    const count = async (): Promise<void> => {
      for (let left = 10; left > 0; ) {
        const found = (await table().get(key)) as Item;
        const data = { n: (found.data.n as number) + 1 };
        const next = { ...key, version: found.version + 1, data };
        if ((await table().put(next, { version: found.version })).done) left--;
      }
    };
    await Promise.all(Array.from({ length: 5 }, count));
    expect(plain(await table().get(key))).toEqual({ ...key, version: 51, data: { n: 50 } });
  });

  test('who reads after an answer sees what was answered', async () => {
    const p = freshPartition();
    await Promise.all(
      Array.from({ length: 50 }, async (_, n) => {
        await table().put(item(p, `k${n}`), 'absent');
        expect(await table().get({ partition: p, sort: `k${n}` })).toBeDefined();
        const page = await table().query({ partition: p, from: `k${n}`, to: `k${n}!` });
        expect(page.items).toHaveLength(1);
      }),
    );
  });
}
