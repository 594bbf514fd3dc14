import { expect, test } from '@jest/globals';
import { FeedStore } from '../../src/adapters/memory/feed.ts';
import { TableStore } from '../../src/adapters/memory/table-store.ts';
import type { Item } from '../../src/ports/table.ts';
import { Actor } from './kernel/actor.ts';
import { Kernel } from './kernel/kernel.ts';
import { portsOf, simulatedSystem } from './kernel/system.ts';
import { Unsynced } from './kernel/unsynced.ts';

const item = (version: number, sort = 'a'): Item => ({ partition: 'p', sort, version, data: {} });

/** A table whose process always loses what is not durable. */
function losing(seed: number) {
  const calm = { 'unsynced-lost': 1 };
  const kernel = new Kernel({ seed, faultsUntil: 1_000, timeMax: 1_000, calm });
  const host = { now: kernel.now, after: kernel.after };
  const [table, feed] = [new TableStore(host), new FeedStore(host)];
  const lost: string[] = [];
  const unsynced = new Unsynced(kernel, table, feed);
  unsynced.onLost = ({ sort }, before) => lost.push(`${sort} is ${before?.version ?? 'gone'}`);
  return { kernel, table, feed, unsynced, lost };
}

test('a dying process loses the last of its relaxed puts, and none that was made durable since', () => {
  const kept = new Set<number>();
  for (let seed = 1; seed <= 40; seed++) {
    const { table, unsynced, lost } = losing(seed);
    table.put(item(1), 'absent', true);
    table.put(item(1, 'b'), 'absent');
    table.put(item(2), 'any', true);
    table.put(item(3), 'any', true);
    table.put(item(1, 'c'), 'absent', true);
    unsynced.lose();
    expect(table.get(item(0, 'b'))?.version).toBe(1);
    expect(table.get(item(0, 'c'))).toBeUndefined();
    const version = table.get(item(0))?.version as number;
    kept.add(version);
    const versions = version === 3 ? [] : version === 2 ? ['a is 2'] : ['a is 2', 'a is 1'];
    expect(lost).toEqual(['c is gone', ...versions]);
    unsynced.lose();
    expect(table.get(item(0))?.version).toBe(version);
  }
  expect([...kept].sort()).toEqual([1, 2, 3]);
});

test('with them goes the knowledge that records of the feed were handled since', async () => {
  for (const durable of [false, true]) {
    const { kernel, table, feed, unsynced } = losing(1);
    const seen: string[] = [];
    feed.group('g', ['x']);
    feed.join('g', async (items) => void seen.push(...items.map(({ sort }) => sort)));
    feed.insert(item(1, 'x1'));
    kernel.after(10, () => durable && table.put(item(1), 'any'));
    kernel.after(20, () => unsynced.lose());
    await kernel.run();
    expect(seen).toEqual(durable ? ['x1'] : ['x1', 'x1']);
  }
});

test('what a dead process had called is not done where all it calls lives in it', async () => {
  for (const inside of [true, false]) {
    const kernel = new Kernel({ seed: 1, faultsUntil: 0, timeMax: 1_000, calm: true });
    const system = simulatedSystem(kernel);
    const live = (life: NonNullable<Actor['life']>): Promise<void> => {
      void portsOf(system, life).table.put(item(1), 'any');
      life.die('at once');
      return new Promise(() => {});
    };
    new Actor(kernel, 'one', live, { inside, restarts: false, mortal: false });
    await kernel.run();
    expect(system.table.get(item(0))?.version).toBe(inside ? undefined : 1);
  }
});
