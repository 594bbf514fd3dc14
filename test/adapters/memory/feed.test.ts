import { expect, test } from '@jest/globals';
import {
  calmFeed,
  type FeedLuck,
  FeedStore,
  memoryFeed,
} from '../../../src/adapters/memory/feed.ts';
import { type Gate, openGate } from '../../../src/adapters/memory/gate.ts';
import type { Item } from '../../../src/ports/table.ts';

const item = (sort: string): Item => ({ partition: 'p', sort, version: 1, data: {} });
const sorts = (items: readonly Item[]) => items.map(({ sort }) => sort).join();

function feedWith(luck: Partial<FeedLuck> = {}) {
  const refused: unknown[] = [];
  const host = { now: () => 0, after: (_ms: number, call: () => void) => void setImmediate(call) };
  const store = new FeedStore(host, { ...calmFeed, ...luck }, (reason) => refused.push(reason));
  const rest = async () => {
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  };
  return { store, refused, rest };
}

test('brings what begins with a prefix, to each subscriber alone', async () => {
  const { store, rest } = feedWith();
  const [one, two]: [string[], string[]] = [[], []];
  memoryFeed(store).subscribe(['A', 'B'], async (items) => void one.push(sorts(items)));
  memoryFeed(store).subscribe(['B'], async (items) => void two.push(sorts(items)));
  for (const sort of ['A1', 'B1', 'C1']) store.insert(item(sort));
  await rest();
  expect([one.join(), two.join()]).toEqual(['A1,B1', 'B1']);
});

test('a group keeps what comes while it has no member, and gives each record to one of them', async () => {
  const { store, rest } = feedWith();
  store.group('g', ['A']);
  store.insert(item('A0'));
  await rest();
  const seen: string[] = [];
  for (const who of ['x', 'y'])
    memoryFeed(store, openGate, 'g').subscribe(['A'], async (items) => {
      seen.push(`${who}:${sorts(items)}`);
      await rest();
    });
  store.insert(item('A1'));
  await rest();
  await rest();
  expect(seen).toEqual(['x:A0', 'y:A1']);
});

test('a batch that was refused comes again, whole', async () => {
  const { store, refused, rest } = feedWith();
  const seen: string[] = [];
  store.group('g', ['A']);
  for (const sort of ['A1', 'A2']) store.insert(item(sort));
  await rest();
  memoryFeed(store, openGate, 'g').subscribe(['A'], async (items) => {
    seen.push(sorts(items));
    if (seen.length === 1) throw new Error('not now');
  });
  await rest();
  expect(seen.join()).toBe('A1,A2,A1,A2');
  expect(refused).toEqual([new Error('not now')]);
});

test('what was handled may come again, in part', async () => {
  const { store, rest } = feedWith({ again: (size) => (size === 2 ? 1 : 0) });
  const seen: string[] = [];
  store.group('g', ['A']);
  for (const sort of ['A1', 'A2']) store.insert(item(sort));
  await rest();
  memoryFeed(store, openGate, 'g').subscribe(['A'], async (items) => void seen.push(sorts(items)));
  await rest();
  expect(seen).toEqual(['A1,A2', 'A1']);
});

test('the batch of a member that dies at work is for the next', async () => {
  const { store, rest } = feedWith();
  let die: () => void = () => {};
  const gate: Gate = {
    ...openGate,
    onDeath(call) {
      const before = die;
      die = () => {
        before();
        call();
      };
      return () => {};
    },
  };
  memoryFeed(store, gate, 'g').subscribe(['A'], () => new Promise(() => {}));
  store.insert(item('A1'));
  await rest();
  const seen: string[] = [];
  memoryFeed(store, openGate, 'g').subscribe(['A'], async (items) => void seen.push(sorts(items)));
  await rest();
  expect(seen).toEqual([]);
  die();
  await rest();
  expect(seen).toEqual(['A1']);
});

test('stopping waits for the batch at hand, and ends the subscription', async () => {
  const { store, rest } = feedWith();
  const seen: string[] = [];
  let finish: () => void = () => {};
  const stop = memoryFeed(store).subscribe(['A'], async (items) => {
    seen.push(sorts(items));
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
  });
  store.insert(item('A1'));
  await rest();
  let stopped = false;
  const stopping = stop().then(() => {
    stopped = true;
  });
  store.insert(item('A2'));
  await rest();
  expect(stopped).toBe(false);
  finish();
  await stopping;
  await rest();
  expect(seen).toEqual(['A1']);
});
