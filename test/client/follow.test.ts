import { expect, test } from '@jest/globals';
import { followPages } from '../../src/client/follow.ts';
import type { PageOf, RunEvent, RunView } from '../../src/contract/api.ts';

const page = (from: number, count: number, last?: 'ended'): PageOf<RunEvent> => ({
  items: Array.from({ length: count }, (_, n) => ({
    id: `e${from + n}`,
    at: 0,
    event: n === count - 1 && last !== undefined ? last : 'start',
  })),
  next: String(from + count),
});

test('a busy run is asked at a pace, but for what is there already', async () => {
  const pages = [page(0, 2000), page(2000, 3), page(2003, 1, 'ended'), page(2004, 0)];
  const asked: string[] = [];
  const fanfold = {
    events: async () => {
      asked.push('events');
      return pages.shift() ?? page(0, 0);
    },
    run: async () => ({ state: 'succeeded' }) as RunView,
  };
  const pace = async () => void asked.push('pace');
  const sizes: number[] = [];
  for await (const events of followPages(fanfold, 'r', { pace })) sizes.push(events.length);
  expect(sizes).toEqual([2000, 3, 1]);
  expect(asked).toEqual(['events', 'events', 'pace', 'events', 'pace', 'events']);
});
