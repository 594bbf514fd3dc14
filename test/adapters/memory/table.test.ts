import { describe, expect, test } from '@jest/globals';
import type { Host } from '../../../src/adapters/memory/host.ts';
import { memoryTable } from '../../../src/adapters/memory/table.ts';
import { calmTable, TableStore } from '../../../src/adapters/memory/table-store.ts';
import type { Item, Table } from '../../../src/ports/table.ts';

const item = (sort: string, more: Partial<Item> = {}): Item => ({
  partition: 'p',
  sort,
  version: 1,
  data: { sort },
  ...more,
});

function at(now: number) {
  const host = { time: now, now: () => host.time, after: () => {} };
  return host satisfies Host;
}

describe('what goes in and out', () => {
  const store = new TableStore(at(0));
  const table = memoryTable(store);

  test('a caller that changes what it put changes nothing', async () => {
    const data = { list: [1] };
    const bytes = Uint8Array.of(1, 2);
    const put = table.put(item('mine', { data, bytes }), 'absent');
    data.list.push(2);
    bytes[0] = 9;
    await put;
    const found = await table.get(item('mine'));
    expect(found?.data).toEqual({ list: [1] });
    expect(found?.bytes).toEqual(Uint8Array.of(1, 2));
  });

  test('a reader that changes what it got changes nothing', async () => {
    await table.put(item('yours', { data: { deep: { n: 1 } }, bytes: Uint8Array.of(7) }), 'any');
    const found = (await table.get(item('yours'))) as { data: { deep: { n: number } } } & Item;
    expect(() => {
      found.data.deep.n = 2;
    }).toThrow(TypeError);
    (found.bytes as Uint8Array)[0] = 8;
    const again = await table.get(item('yours'));
    expect(again).toMatchObject({ data: { deep: { n: 1 } }, bytes: Uint8Array.of(7) });
  });

  test('fields without a value are left out, and a field may be called __proto__', async () => {
    const data = JSON.parse('{"__proto__": {"a": 1}, "toString": 2}');
    await table.put(item('odd', { data: { ...data, none: undefined } as never }), 'any');
    const found = await table.get(item('odd'));
    expect(JSON.stringify(found?.data)).toBe('{"__proto__":{"a":1},"toString":2}');
    expect(Object.getPrototypeOf(found?.data)).toBe(Object.prototype);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, 1n, () => 1])('%p is refused', async (value) => {
    await expect(table.put(item('bad', { data: { value } as never }), 'any')).rejects.toThrow(
      'JSON cannot carry',
    );
  });

  test.each([
    ['of plain text', { text: 'x'.repeat(350 * 1024 - 20) }, true],
    ['of plain text', { text: 'x'.repeat(350 * 1024) }, false],
    ['of control characters', { text: '\u0001'.repeat(350 * 200) }, false],
    ['of wide characters', { text: '€'.repeat(350 * 342) }, false],
  ])('the size %s is that of its JSON (fits: %#)', async (_what, data, fits) => {
    const put = table.put(item('big', { data }), 'any');
    if (fits) await put;
    else await expect(put).rejects.toThrow(RangeError);
  });
});

describe('indexes', () => {
  const indexed = (sort: string, version: number, key: string): Item =>
    item(sort, { version, indexes: { recent: { partition: 'i', sort: key } } });

  test('show a change after its lag, and never an older one over a newer', async () => {
    const host = at(0);
    const lags = [1000, 10];
    const store = new TableStore(host, { ...calmTable, indexLagMs: () => lags.shift() ?? 0 });
    const table = memoryTable(store);
    await table.put(indexed('a', 1, 'old'), 'absent');
    await table.put(indexed('a', 2, 'new'), { version: 1 });
    const shown = async () =>
      (await table.index('recent', { partition: 'i' })).items.map(({ version }) => version);
    expect(await shown()).toEqual([]);
    host.time = 10;
    expect(await shown()).toEqual([2]);
    host.time = 5000;
    expect(await shown()).toEqual([2]);
    await table.remove(indexed('a', 2, 'new'), 'any');
    expect(await shown()).toEqual([]);
  });

  test('page through items of one index key, each once, either way', async () => {
    const table = memoryTable(new TableStore(at(0)));
    const sorts = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    for (const sort of sorts) await table.put(indexed(sort, 1, sort < 'd' ? 'x' : 'y'), 'absent');
    expect(await paged(table, false)).toEqual(sorts);
    expect(await paged(table, true)).toEqual([...sorts].reverse());
  });

  async function paged(table: Table, reverse: boolean): Promise<string[]> {
    const seen: string[] = [];
    let after: { readonly after?: string } | undefined = {};
    while (after !== undefined) {
      const page = await table.index('recent', { partition: 'i', limit: 2, reverse, ...after });
      seen.push(...page.items.map(({ sort }) => sort));
      after = page.next === undefined ? undefined : { after: page.next };
    }
    return seen;
  }
});

test('an item outlives its time by the lag it drew, then is gone for every reader and writer', async () => {
  const host = at(0);
  const table = memoryTable(new TableStore(host, { ...calmTable, expiryLagMs: () => 50 }));
  await table.put(item('a', { expiresAt: 100 }), 'absent');
  host.time = 149;
  expect(await table.get(item('a'))).toBeDefined();
  expect((await table.put(item('a'), 'absent')).done).toBe(false);
  host.time = 150;
  expect((await table.query({ partition: 'p' })).items).toEqual([]);
  expect(await table.get(item('a'))).toBeUndefined();
  expect((await table.put(item('a'), 'absent')).done).toBe(true);
});

test('pages may be shorter than asked, and say so', async () => {
  const table = memoryTable(new TableStore(at(0), { ...calmTable, pageMax: () => 2 }));
  for (const sort of ['a', 'b', 'c']) await table.put(item(sort), 'absent');
  const first = await table.query({ partition: 'p', limit: 3 });
  expect(first.items.map(({ sort }) => sort)).toEqual(['a', 'b']);
  const second = await table.query({ partition: 'p', limit: 3, after: first.next as string });
  expect(second).toMatchObject({ items: [{ sort: 'c' }], next: undefined });
});
