import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Put } from '../../../src/ports/table.ts';
import { freshFolder, open } from './kit.ts';

let folder: ReturnType<typeof freshFolder>;
beforeEach(() => {
  folder = freshFolder();
});
afterEach(() => folder.remove());

const count = 400;
const size = (): number => statSync(join(folder.path, 'fanfold.sqlite')).size;

/** Items of 10 KB, of which all but every tenth expire. */
async function fillAndPurge(): Promise<void> {
  const store = open(folder.path);
  const bytes = new Uint8Array(10_000);
  const puts = Array.from({ length: count }, (_, n): Put => {
    const index = { partition: 'all', sort: String(n) };
    const expiry = n % 10 === 0 ? {} : { expiresAt: 1000 };
    const key = { partition: 'p', sort: String(n).padStart(4, '0') };
    const item = { ...key, version: 1, data: { n }, bytes, indexes: { recent: index }, ...expiry };
    return { item, condition: 'absent' };
  });
  await store.table.putMany(puts);
  expect(await store.purge(2000, count)).toBe(count - count / 10);
  await store.close();
}

test('a file that is mostly empty gives its room back at the next start, and keeps the rest', async () => {
  await fillAndPurge();
  const before = size();
  await open(folder.path).close();
  expect(size()).toBe(before);
  await open(folder.path, { spareBytesMax: 100_000 }).close();
  expect(size()).toBeLessThan(before / 4);
  const store = open(folder.path);
  const { items } = await store.table.query({ partition: 'p' });
  expect(items.map(({ data }) => data.n)).toEqual(
    Array.from({ length: count / 10 }, (_, n) => n * 10),
  );
  expect((await store.table.index('recent', { partition: 'all' })).items).toHaveLength(count / 10);
  expect(await store.check()).toEqual([]);
  const again = { partition: 'p', sort: 'new', version: 1, data: {} };
  expect(await store.table.put(again, 'absent')).toEqual({ done: true });
  await store.close();
});
