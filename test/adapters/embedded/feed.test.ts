import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Store } from '../../../src/adapters/embedded/store.ts';
import type { Put } from '../../../src/ports/table.ts';
import { item, plain } from '../../ports/table-kit.ts';
import { until } from '../../ports/until.ts';
import { freshFolder, open } from './kit.ts';

let folder: ReturnType<typeof freshFolder>;
let store: Store;
let refused: unknown[];
beforeEach(() => {
  folder = freshFolder();
  refused = [];
  store = open(folder.path, { onRefused: (error) => refused.push(error) });
});
afterEach(async () => {
  await store.close();
  folder.remove();
});

const insertOf = (n: number): Put => ({
  item: item('p', `PACK#${n}`, 1, { n }),
  condition: 'absent',
});
const insertMany = (count: number) =>
  store.table.putMany(Array.from({ length: count }, (_, n) => insertOf(n)));

async function reopen(): Promise<void> {
  await store.close();
  store = open(folder.path);
}

function collect(prefixes = ['PACK#']): { readonly seen: number[]; stop(): Promise<void> } {
  const seen: number[] = [];
  const stop = store.feed.subscribe(prefixes, async (items) => {
    for (const { data } of items) seen.push(data.n as number);
  });
  return { seen, stop };
}

test('inserts of before the first subscription wait for it', async () => {
  await insertMany(10);
  const { seen } = collect();
  await until('all came', () => seen.length === 10);
});

test('what was handled does not come again after a restart', async () => {
  const { seen } = collect();
  await insertMany(500);
  await until('all came', () => seen.length === 500);
  await reopen();
  const again = collect();
  await insertMany(501);
  await until('the new one came', () => again.seen.includes(500));
  await sleep(20);
  expect(again.seen).toEqual([500]);
});

test('what a subscription had not handled when it stopped waits for the next one', async () => {
  const stop = store.feed.subscribe(['PACK#'], async () => {
    await sleep(20);
    throw new Error('not me');
  });
  await insertMany(30);
  await sleep(5);
  await insertMany(40);
  await stop();
  expect(refused).toContainEqual(expect.objectContaining({ message: 'not me' }));
  const { seen } = collect();
  await until('all came', () => new Set(seen).size === 40);
});

test('a backlog larger than memory should hold comes in full, also after a restart', async () => {
  const count = 50_000;
  let begin = (): void => {};
  const held = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const seen = new Set<unknown>();
  store.feed.subscribe(['PACK#'], async (items) => {
    await held;
    for (const { data } of items) seen.add(data.n);
  });
  for (let at = 0; at < count; at += 5000)
    await store.table.putMany(Array.from({ length: 5000 }, (_, n) => insertOf(at + n)));
  begin();
  await until('all came', () => seen.size === count);
  await store.table.putMany([insertOf(count)]);
  await until('a later one came', () => seen.size === count + 1);
  await reopen();
  const again = collect();
  await sleep(50);
  expect(again.seen).toEqual([]);
});

test('a backlog that nobody handled comes in full after a restart', async () => {
  const count = 30_000;
  for (let at = 0; at < count; at += 5000)
    await store.table.putMany(Array.from({ length: 5000 }, (_, n) => insertOf(at + n)));
  await reopen();
  const { seen } = collect();
  await until('all came', () => new Set(seen).size === count);
  await reopen();
  const again = collect();
  await sleep(50);
  expect(again.seen).toEqual([]);
});

test('an item that is always refused soon comes alone, and ever more rarely', async () => {
  const batches: number[][] = [];
  store.feed.subscribe(['PACK#'], async (items) => {
    const numbers = items.map(({ data }) => data.n as number);
    batches.push(numbers);
    if (numbers.includes(7)) throw new Error('not seven');
  });
  await insertMany(64);
  await until('seven comes alone', () => batches.some((batch) => batch.length === 1));
  const handled = new Set(batches.filter((batch) => !batch.includes(7)).flat());
  expect(handled.size).toBe(63);
  const before = batches.length;
  await sleep(200);
  expect(batches.length - before).toBeLessThan(3);
});

test('an item that was removed before a restart is not delivered, and holds up nothing', async () => {
  await insertMany(3);
  await store.table.remove({ partition: 'p', sort: 'PACK#1' }, 'any');
  await reopen();
  const { seen } = collect();
  await until('the others came', () => seen.length === 2);
  expect(seen.sort()).toEqual([0, 2]);
});

test('after a restart an item comes as it is by then', async () => {
  await insertMany(1);
  const changed = item('p', 'PACK#0', 2, { n: 0, changed: true });
  await store.table.put(changed, { version: 1 });
  await reopen();
  const found: unknown[] = [];
  store.feed.subscribe(['PACK#'], async (items) => {
    found.push(...items.map(plain));
  });
  await until('it came', () => found.length > 0);
  expect(found).toEqual([plain(changed)]);
});

test('a prefix that the store does not send to the feed is refused', () => {
  expect(() => store.feed.subscribe(['CLAIM#'], async () => {})).toThrow('CLAIM#');
});

test('close waits for the batch at hand, whose puts are still done', async () => {
  let done = false;
  store.feed.subscribe(['PACK#'], async () => {
    await sleep(30);
    await store.table.put(item('p', 'late'), 'any');
    done = true;
  });
  await insertMany(1);
  await sleep(10);
  await store.close();
  expect(done).toBe(true);
  store = open(folder.path);
  expect(await store.table.get({ partition: 'p', sort: 'late' })).toBeDefined();
});
