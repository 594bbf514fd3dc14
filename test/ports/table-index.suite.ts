import { expect, test } from '@jest/globals';
import type { IndexName, Item, Table } from '../../src/ports/table.ts';
import { freshPartition, item, readAll, sorts, type TableSubject } from './table-kit.ts';

const entry = (partition: string, sort: string) => ({ partition, sort });

/** Indexes lag, so all of these settle first. */
export function testTableIndexes(subject: () => TableSubject): void {
  const table = (): Table => subject().table;
  const read = async (name: IndexName, partition: string, range: object = {}): Promise<Item[]> => {
    await subject().settle();
    return readAll((all) => table().index(name, all), { partition, ...range });
  };

  test('an index shows the items that name it, in the order of their entries', async () => {
    const p = freshPartition();
    for (const [sort, at] of [
      ['x', '3'],
      ['y', '1'],
      ['z', '2'],
    ] as const)
      await table().put(item(p, sort, 1, { at }, { indexes: { recent: entry(p, at) } }), 'absent');
    await table().put(item(p, 'none'), 'absent');
    expect(sorts(await read('recent', p))).toEqual(['y', 'z', 'x']);
    expect(sorts(await read('recent', p, { reverse: true }))).toEqual(['x', 'z', 'y']);
    expect(sorts(await read('recent', p, { from: '2', to: '3' }))).toEqual(['z']);
    expect(await read('workflow', p)).toEqual([]);
    expect((await read('recent', p, { limit: 1 })).map(({ data }) => data.at)).toEqual([
      '1',
      '2',
      '3',
    ]);
  });

  test('an item moves in its indexes as it changes, and leaves them', async () => {
    const p = freshPartition();
    const put = (version: number, indexes: Item['indexes']) =>
      table().put(
        item(p, 'x', version, { n: version }, indexes && { indexes }),
        version === 1 ? 'absent' : { version: version - 1 },
      );
    await put(1, { active: entry(p, '1'), recent: entry(p, '1') });
    await put(2, { active: entry(`${p}b`, '2'), recent: entry(p, '1') });
    expect(await read('active', p)).toEqual([]);
    expect((await read('active', `${p}b`)).map(({ version }) => version)).toEqual([2]);
    expect((await read('recent', p)).map(({ version }) => version)).toEqual([2]);
    await put(3, { recent: entry(p, '9') });
    expect(await read('active', `${p}b`)).toEqual([]);
    expect(sorts(await read('recent', p, { from: '5' }))).toEqual(['x']);
    await put(4, undefined);
    expect(await read('recent', p)).toEqual([]);
    await put(5, { recent: entry(p, '2') });
    await table().remove({ partition: p, sort: 'x' }, { version: 5 });
    expect(await read('recent', p)).toEqual([]);
  });

  test('a put without a condition moves the item in its indexes, too', async () => {
    const p = freshPartition();
    await table().put(item(p, 'x', 1, {}, { indexes: { workflow: entry(p, 'a') } }), 'any');
    await table().put(item(p, 'x', 2, {}, { indexes: { workflow: entry(p, 'b') } }), 'any');
    expect((await read('workflow', p)).map(({ version }) => version)).toEqual([2]);
    await table().remove({ partition: p, sort: 'x' }, 'any');
    expect(await read('workflow', p)).toEqual([]);
  });

  test('a refused put changes no index', async () => {
    const p = freshPartition();
    await table().put(item(p, 'x', 1, {}, { indexes: { recent: entry(p, '1') } }), 'absent');
    await table().put(item(p, 'x', 9, {}, { indexes: { recent: entry(p, '2') } }), 'absent');
    await table().put(item(p, 'x', 9, {}, { indexes: { recent: entry(p, '3') } }), { version: 8 });
    await table().remove({ partition: p, sort: 'x' }, { version: 8 });
    expect((await read('recent', p)).map(({ version }) => version)).toEqual([1]);
    expect(await read('recent', p, { from: '2' })).toEqual([]);
  });

  test('items under the same entry all show, on pages of any size', async () => {
    const p = freshPartition();
    const own = Array.from({ length: 25 }, (_, n) => `k${String(n).padStart(2, '0')}`);
    const puts = own.map((sort, n) => ({
      item: item(
        `${p}#${n % 3}`,
        sort,
        1,
        {},
        { indexes: { recent: entry(p, n < 20 ? 'same' : 'z') } },
      ),
      condition: 'absent' as const,
    }));
    await table().putMany(puts);
    for (const limit of [1, 4, 7, 100])
      for (const reverse of [false, true])
        expect(sorts(await read('recent', p, { limit, reverse })).sort()).toEqual(own);
    expect(await read('recent', p, { from: 'same', to: 'same!', limit: 3 })).toHaveLength(20);
  });

  test('a page of an index goes on, though its last item has moved away', async () => {
    const p = freshPartition();
    for (const sort of ['a', 'b', 'c', 'd'])
      await table().put(item(p, sort, 1, {}, { indexes: { recent: entry(p, sort) } }), 'absent');
    await subject().settle();
    const { items, next } = await table().index('recent', { partition: p, limit: 2 });
    await table().put(item(p, items.at(-1)?.sort as string, 2), { version: 1 });
    const rest = await read('recent', p, { after: next });
    expect([...sorts(items), ...sorts(rest)]).toEqual(['a', 'b', 'c', 'd']);
  });
}
