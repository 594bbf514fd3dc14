import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Condition, Item, Range } from '../../src/ports/table.ts';
import {
  byBytes,
  freshPartition,
  item,
  plain,
  plainResult,
  readAll,
  type TableSubject,
} from './table-kit.ts';

type Step =
  | { readonly kind: 'put'; readonly puts: readonly [sort: string, version: number, Condition][] }
  | { readonly kind: 'remove'; readonly sort: string; readonly condition: Condition }
  | { readonly kind: 'query'; readonly range: Omit<Range, 'partition'> }
  | { readonly kind: 'index'; readonly reverse: boolean };

const sort = fc.constantFrom('a', 'a#1', 'a#2', 'b', 'c', 'ü');
const version = fc.integer({ min: 1, max: 3 });
const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.constantFrom<Condition>('absent', 'any'),
  fc.record({ version }),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('put' as const),
    puts: fc.uniqueArray(fc.tuple(sort, version, condition), {
      minLength: 1,
      maxLength: 4,
      selector: ([one]) => one,
    }),
  }),
  fc.record({ kind: fc.constant('remove' as const), sort, condition }),
  fc.record({
    kind: fc.constant('query' as const),
    range: fc.record(
      { from: sort, to: sort, limit: fc.integer({ min: 1, max: 3 }), reverse: fc.boolean() },
      { requiredKeys: [] },
    ),
  }),
  fc.record({ kind: fc.constant('index' as const), reverse: fc.boolean() }),
);

/** What a table is, in a few lines. */
class Model {
  readonly items = new Map<string, Item>();

  apply(key: string, condition: Condition, changed: Item | undefined): unknown {
    const found = this.items.get(key);
    const met =
      condition === 'any' ||
      (condition === 'absent' ? found === undefined : found?.version === condition.version);
    if (!met) return { done: false, found: plain(found) };
    if (changed === undefined) this.items.delete(key);
    else this.items.set(key, changed);
    return { done: true };
  }

  query({ from = '', to, reverse = false }: Omit<Range, 'partition'>): unknown[] {
    const inside = [...this.items.values()]
      .filter((one) => byBytes(one.sort, from) >= 0)
      .filter((one) => to === undefined || byBytes(one.sort, to) < 0)
      .sort((a, b) => byBytes(a.sort, b.sort));
    return (reverse ? inside.reverse() : inside).map(plain);
  }

  index(): unknown[] {
    return [...this.items.values()]
      .sort((a, b) => byBytes(a.indexes?.recent?.sort ?? '', b.indexes?.recent?.sort ?? ''))
      .map(plain);
  }
}

/**
 * Goal: the table is a map with conditions, ranges and indexes, whatever is done to it in whatever order.
 * Method: draw steps, do them to the table and to a model of some 30 lines, compare every answer.
 */
export function testTableModel(subject: () => TableSubject): void {
  test('whatever is done to it, it answers as a map would', async () => {
    let count = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const partition = freshPartition();
        const model = new Model();
        for (const one of steps) await doBoth(one, partition, model, () => ++count);
        expect((await readAll((r) => subject().table.query(r), { partition })).map(plain)).toEqual(
          model.query({}),
        );
      }),
      { numRuns: 60 },
    );
  });

  async function doBoth(
    one: Step,
    partition: string,
    model: Model,
    count: () => number,
  ): Promise<void> {
    const { table } = subject();
    if (one.kind === 'put') {
      const puts = one.puts.map(([key, version, condition]) => ({
        item: versioned(partition, key, version, count()),
        condition,
      }));
      const want = puts.map((put) => model.apply(put.item.sort, put.condition, put.item));
      expect((await table.putMany(puts)).map(plainResult)).toEqual(want);
    } else if (one.kind === 'remove') {
      const want = model.apply(one.sort, one.condition, undefined);
      const result = await table.remove({ partition, sort: one.sort }, one.condition);
      expect(plainResult(result)).toEqual(want);
    } else if (one.kind === 'query') {
      const found = await readAll((r) => table.query(r), { partition, ...one.range });
      expect(found.map(plain)).toEqual(model.query(one.range));
    } else {
      await subject().settle();
      const found = await readAll((r) => table.index('recent', r), {
        partition,
        reverse: one.reverse,
      });
      expect((one.reverse ? found.reverse() : found).map(plain)).toEqual(model.index());
    }
  }
}

/** The count makes every put another one, and its place in the index. */
function versioned(partition: string, sort: string, version: number, count: number): Item {
  const place = `${version}-${String(count).padStart(9, '0')}`;
  return item(
    partition,
    sort,
    version,
    { count },
    { indexes: { recent: { partition, sort: place } } },
  );
}
