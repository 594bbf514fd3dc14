import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Feed, Item, Table } from '../../src/ports/table.ts';
import { freshPartition, item, plain } from './table-kit.ts';
import { aWhile, until } from './until.ts';

/** A table with its feed. The store must be one that sends `feedPrefixes` to its feed. */
export interface FeedSubject {
  readonly table: Table;
  readonly feed: Feed;
  /** Lets what lags catch up. */
  settle(): Promise<void>;
  /** Lets go of it, as the end of its process would, and opens it again on the same data. */
  reopen?(): Promise<{ readonly table: Table; readonly feed: Feed }>;
  close?(): Promise<void>;
}

export const feedPrefixes = ['PACK#', 'META'];

/** Holds an adapter to the promises of `Feed`. */
export function testFeed(name: string, make: () => Promise<FeedSubject>): void {
  describe(`${name} keeps the promises of a feed:`, () => {
    let subject: FeedSubject;
    let table: Table;
    let p: string;
    const stops: (() => Promise<void>)[] = [];
    const seen: Item[] = [];
    const countOf = (sort: string, list = seen): number =>
      list.filter((one) => one.partition === p && one.sort === sort).length;
    const subscribe = (
      handler: (items: readonly Item[]) => Promise<void> | void = () => {},
      prefixes = feedPrefixes,
      list = seen,
      feed = subject.feed,
    ): (() => Promise<void>) => {
      const stop = feed.subscribe(prefixes, async (items) => {
        list.push(...items);
        await handler(items.filter(({ partition }) => partition === p));
      });
      stops.push(stop);
      return stop;
    };
    const arrives = (sort: string, times = 1, list = seen) =>
      until(`${sort} comes`, () => countOf(sort, list) >= times, subject.settle);

    beforeEach(async () => {
      subject = await make();
      table = subject.table;
      p = freshPartition();
      seen.length = 0;
    });
    afterEach(async () => {
      await Promise.all(stops.splice(0).map((stop) => stop()));
      await subject.close?.();
    });

    test('an insert without hurry comes too, with others and alone', async () => {
      subscribe();
      const put = (sort: string, unhurried: boolean) => ({
        item: item(p, sort),
        condition: 'absent' as const,
        unhurried,
      });
      await table.putMany([put('PACK#late', true)]);
      await arrives('PACK#late');
      await table.putMany([put('PACK#1', true), put('PACK#2', false)]);
      await arrives('PACK#1');
      await arrives('PACK#2');
    });

    test('inserts under a prefix come, as they were put, and no others', async () => {
      subscribe();
      const pack = item(
        p,
        'PACK#1',
        1,
        { a: [1] },
        { bytes: Uint8Array.of(1, 2), expiresAt: 9e12 },
      );
      await table.put(pack, 'absent');
      await table.put(item(p, 'OTHER#1'), 'absent');
      await table.put(item(p, 'xPACK#1'), 'absent');
      await table.put(item(p, 'META'), 'any');
      await arrives('PACK#1');
      await arrives('META');
      await aWhile();
      const own = seen.filter(({ partition }) => partition === p);
      expect([...new Set(own.map(({ sort }) => sort))].sort()).toEqual(['META', 'PACK#1']);
      expect(plain(own.find(({ sort }) => sort === 'PACK#1'))).toEqual(plain(pack));
    });

    test('changes, removals and refused puts do not come; an insert after a removal does', async () => {
      subscribe();
      await table.put(item(p, 'META'), 'absent');
      await arrives('META');
      await subject.settle();
      const before = countOf('META');
      await table.put(item(p, 'META', 2), { version: 1 });
      await table.put(item(p, 'META', 3), 'any');
      await table.put(item(p, 'META', 9), 'absent');
      await table.remove({ partition: p, sort: 'META' }, { version: 3 });
      await subject.settle();
      await aWhile();
      expect(countOf('META')).toBe(before);
      await table.put(item(p, 'META', 4), 'absent');
      await arrives('META', before + 1);
    });

    test('what is inserted while nobody listens is not lost on who listened before', async () => {
      let fail = true;
      subscribe(() => {
        if (fail) throw new Error('not yet');
      });
      await table.put(item(p, 'PACK#1'), 'absent');
      await arrives('PACK#1', 2);
      fail = false;
      const before = countOf('PACK#1');
      await arrives('PACK#1', before + 1);
    });

    test('a refused batch comes again, whole, and others come meanwhile', async () => {
      const handled = new Set<string>();
      const tries = new Map<string, number>();
      subscribe(refusingBad(tries, handled));
      const good = Array.from({ length: 40 }, (_, n) => `PACK#${n}`);
      const puts = [...good.slice(0, 20), 'PACK#bad', ...good.slice(20)].map((sort) => ({
        item: item(p, sort),
        condition: 'absent' as const,
      }));
      await table.putMany(puts);
      await until(
        'the bad one was tried thrice',
        () => (tries.get('PACK#bad') ?? 0) >= 3,
        subject.settle,
      );
      await table.put(item(p, 'PACK#late'), 'absent');
      await until('a later one is handled', () => handled.has('PACK#late'), subject.settle);
      expect(handled.has('PACK#bad')).toBe(false);
    });

    test('each subscription gets all that it asks for', async () => {
      const [packs, metas]: [Item[], Item[]] = [[], []];
      subscribe();
      subscribe(undefined, ['PACK#'], packs);
      subscribe(undefined, ['META'], metas);
      await table.put(item(p, 'PACK#1'), 'absent');
      await table.put(item(p, 'META'), 'absent');
      for (const sort of ['PACK#1', 'META']) await arrives(sort);
      await arrives('PACK#1', 1, packs);
      await arrives('META', 1, metas);
      expect([countOf('META', packs), countOf('PACK#1', metas)]).toEqual([0, 0]);
    });

    test('who stops gets nothing more once the batch at hand is done', async () => {
      let release = (): void => {};
      const gate = new Promise<void>((resolve) => {
        release = resolve;
      });
      const stop = subscribe(() => gate);
      await table.put(item(p, 'PACK#1'), 'absent');
      await arrives('PACK#1');
      let stopped = false;
      const stopping = stop().then(() => {
        stopped = true;
      });
      await aWhile();
      expect(stopped).toBe(false);
      release();
      await stopping;
      const before = seen.length;
      await table.put(item(p, 'PACK#2'), 'absent');
      await subject.settle();
      await aWhile();
      expect(seen).toHaveLength(before);
    });

    test('thousands of inserts come, each at least once', async () => {
      subscribe();
      const count = 3000;
      for (let at = 0; at < count; at += 500)
        await table.putMany(
          Array.from({ length: 500 }, (_, n) => ({
            item: item(p, `PACK#${at + n}`),
            condition: 'absent' as const,
          })),
        );
      const distinct = () =>
        new Set(seen.filter((one) => one.partition === p).map(({ sort }) => sort));
      await until('all came', () => distinct().size === count, subject.settle);
    });

    test('what was not handled when the process ended comes to the next', async () => {
      if (subject.reopen === undefined) return;
      subscribe(() => {
        throw new Error('never');
      });
      await table.put(item(p, 'PACK#1', 1, { a: 1 }), 'absent');
      await arrives('PACK#1');
      const { table: next, feed } = await subject.reopen();
      await next.put(item(p, 'PACK#2'), 'absent');
      const later: Item[] = [];
      subscribe(undefined, feedPrefixes, later, feed);
      await arrives('PACK#1', 1, later);
      await arrives('PACK#2', 1, later);
      expect(plain(later.find(({ sort }) => sort === 'PACK#1'))).toEqual(
        plain(item(p, 'PACK#1', 1, { a: 1 })),
      );
    });
  });
}

/** Refuses each batch with the item `PACK#bad`; counts what it is given. */
function refusingBad(tries: Map<string, number>, handled: Set<string>) {
  return (items: readonly Item[]): void => {
    const own = items.map(({ sort }) => sort);
    for (const sort of own) tries.set(sort, (tries.get(sort) ?? 0) + 1);
    if (own.includes('PACK#bad')) throw new Error('no');
    for (const sort of own) handled.add(sort);
  };
}
