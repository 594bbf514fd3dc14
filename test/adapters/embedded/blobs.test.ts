import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openBlobs } from '../../../src/adapters/embedded/blobs.ts';
import { freshFolder } from './kit.ts';

let folder: ReturnType<typeof freshFolder>;
beforeEach(() => {
  folder = freshFolder();
});
afterEach(() => folder.remove());

test('blobs lie in folders by the first letters of their hash, and nothing else is left', async () => {
  const blobs = openBlobs(folder.path);
  const hash = await blobs.put(Buffer.from('hello'));
  expect(readdirSync(folder.path).sort()).toEqual([hash.slice(0, 2), 'unfinished'].sort());
  expect(readdirSync(join(folder.path, 'unfinished'))).toEqual([]);
  expect(readdirSync(join(folder.path, hash.slice(0, 2), hash.slice(2, 4)))).toEqual([hash]);
});

test('what a crash left unfinished is removed at the next start', async () => {
  mkdirSync(join(folder.path, 'unfinished'), { recursive: true });
  writeFileSync(join(folder.path, 'unfinished', 'x'), 'half');
  openBlobs(folder.path);
  expect(readdirSync(join(folder.path, 'unfinished'))).toEqual([]);
});

test('a blob that cannot be written is an error, and leaves nothing behind', async () => {
  const blobs = openBlobs(folder.path);
  const hash = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';
  writeFileSync(join(folder.path, hash.slice(0, 2)), 'in the way');
  await expect(blobs.put(Buffer.from('hello'))).rejects.toThrow();
  expect(readdirSync(join(folder.path, 'unfinished'))).toEqual([]);
});

test('blobs that were neither put nor renewed for long leave, and can be put again', async () => {
  let now = Date.UTC(2026, 0, 1);
  const blobs = openBlobs(folder.path, () => now);
  const put = (text: string) => blobs.put(Buffer.from(text));
  const [old, again, renewed] = [await put('old'), await put('again'), await put('renewed')];
  // A fresh file has the time of the disk.
  for (const text of ['old', 'again', 'renewed']) await put(text);
  now += 1000;
  await put('again');
  await blobs.renew(renewed);
  expect(await blobs.removeBefore(now)).toBe(1);
  expect(await Promise.all([old, again, renewed].map(blobs.has))).toEqual([false, true, true]);
  expect(await put('old')).toBe(old);
  expect(await blobs.has(old)).toBe(true);
  expect(readdirSync(join(folder.path, 'unfinished'))).toEqual([]);
});
