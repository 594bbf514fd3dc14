import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Store } from '../../../src/adapters/embedded/store.ts';
import { Problem } from '../../../src/contract/problem.ts';
import type { Item } from '../../../src/ports/table.ts';
import { item, plain } from '../../ports/table-kit.ts';
import { freshFolder, open as openKit, problemOf } from './kit.ts';

/** Flips tried in each file; more by environment. */
const flips = Number(process.env.FANFOLD_FLIPS ?? 150);

/** Nobody cuts the power of a test. */
const open: typeof openKit = (path, options) => openKit(path, { fsync: false, ...options });

const count = 60;
const items: readonly Item[] = Array.from({ length: count }, (_, n) =>
  item(
    `p${n % 3}`,
    `PACK#${String(n).padStart(3, '0')}`,
    1 + n,
    { n, text: `t${n}`.repeat(n * 5) },
    {
      ...(n % 4 === 0 && { bytes: new Uint8Array(n * 3).fill(n) }),
      ...(n % 5 === 0 && { expiresAt: 4e12 + n }),
      indexes: { recent: { partition: 'i', sort: String(n).padStart(3, '0') } },
    },
  ),
);
const plainOf = new Map(items.map((one) => [one.sort, plain(one)]));

let folder: ReturnType<typeof freshFolder>;
/** Closed in peace: all in the file. */
let clean: Buffer;
/** Left by a crash: a file with little in it, and a log of a commit an item. */
let crashed: { readonly file: Buffer; readonly log: Buffer; readonly ends: readonly number[] };

beforeAll(async () => {
  folder = freshFolder();
  const path = join(folder.path, 'made');
  const file = join(path, 'fanfold.sqlite');
  const store = open(path);
  const ends: number[] = [];
  for (const one of items) {
    await store.table.put(one, 'absent');
    ends.push(written(`${file}-wal`).length);
  }
  crashed = { file: readFileSync(file), log: written(`${file}-wal`), ends };
  await store.close();
  clean = readFileSync(file);
});
afterAll(() => folder.remove());

/** A log without the room that its file has for more. */
function written(file: string): Buffer {
  const log = readFileSync(file);
  let end = 32;
  while (end < log.length && log.readUInt32BE(end) > 0) end += 24 + 8192;
  return log.subarray(0, end);
}

let folders = 0;
function folderWith(file: Buffer, log?: Buffer): string {
  const path = join(folder.path, `f${folders++ % 4}`);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'fanfold.sqlite'), file);
  writeFileSync(join(path, 'fanfold.sqlite-wal'), log ?? '');
  return path;
}

/** The same places each time, spread over the whole file and its begin. */
function* places(size: number): Generator<number> {
  let seed = 12345;
  for (let n = 0; n < flips; n++) {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    const bits = n % 4 === 0 ? Math.min(size, 512) * 8 : size * 8;
    yield seed % bits;
  }
}

function flipped(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
  return copy;
}

/** Undefined when it is refused. Whatever else than a `Problem` is thrown fails the test. */
async function orRefused<T>(work: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

/** Reads everything in every way. Answers with the sort keys that are there; all of them must be what was put. */
async function readEverything({ table }: Store): Promise<Set<string>> {
  const wrong = (one: Item) => !isDeepStrictEqual(plain(one), plainOf.get(one.sort));
  const seen: Item[] = [];
  const single = new Set<string>();
  for (const key of items) {
    const found = await orRefused(() => table.get(key));
    if (found !== undefined) {
      seen.push(found);
      single.add(found.sort);
    }
  }
  for (const partition of ['p0', 'p1', 'p2'])
    for (const reverse of [false, true])
      seen.push(...((await orRefused(() => table.query({ partition, reverse })))?.items ?? []));
  seen.push(...((await orRefused(() => table.index('recent', { partition: 'i' })))?.items ?? []));
  expect(seen.filter(wrong).map(({ sort }) => sort)).toEqual([]);
  return single;
}

/** Whether the store said of itself, when asked to check everything, that something is damaged. */
const isTold = async (store: Store): Promise<boolean> => (await store.check()).length > 0;

/**
 * Goal: of a damaged file nothing wrong is ever served, and damage is never an unknown error.
 * Method: flip single bits all over the file; read everything, and write. What is missing must be told by a check.
 */
test(
  `of ${flips} files with one flipped bit none serves a wrong value, and what is lost is told`,
  async () => {
    const silent: number[] = [];
    let refused = 0;
    for (const bit of places(clean.length)) {
      const path = folderWith(flipped(clean, bit));
      const store = await orRefused(() => open(path));
      if (store === undefined) {
        refused++;
        continue;
      }
      const found = await readEverything(store);
      if (found.size < count && !(await isTold(store))) silent.push(bit);
      await orRefused(() => store.table.put(item('new', 'PACK#new'), 'any'));
      await store.close();
    }
    expect(silent).toEqual([]);
    expect(refused).toBeLessThan(flips / 2);
  },
  60_000 + flips * 100,
);

test(
  `of ${flips} logs with one flipped bit none serves a wrong value, and lost commits are told`,
  async () => {
    const silent: number[] = [];
    for (const bit of places(crashed.log.length)) {
      const path = folderWith(crashed.file, flipped(crashed.log, bit));
      const store = open(path);
      const found = await readEverything(store);
      // Whether a crash or the disk took the last commit, nobody can tell.
      const lost = count - found.size > 1;
      if (lost && store.damaged().length === 0) silent.push(bit);
      if (lost) expect(existsSync(join(path, 'fanfold.sqlite-wal.damaged'))).toBe(true);
      await store.close();
    }
    expect(silent).toEqual([]);
  },
  60_000 + flips * 100,
);

test(
  'a log that was torn, at whatever byte, loses only the commits that were not whole',
  async () => {
    const step = Math.max(1, Math.floor(crashed.log.length / flips));
    for (let size = 0; size < crashed.log.length; size += step) {
      const path = folderWith(crashed.file, crashed.log);
      truncateSync(join(path, 'fanfold.sqlite-wal'), size);
      const store = open(path);
      const whole = crashed.ends.filter((end) => end <= size).length;
      const found = await store.table.getMany(items);
      expect(found.map((one) => one?.sort)).toEqual(
        items.map(({ sort }, n) => (n < whole ? sort : undefined)),
      );
      expect(store.damaged()).toEqual([]);
      await store.close();
    }
  },
  60_000 + flips * 100,
);

test('one damaged item is refused by name and told of once, and all others are served', async () => {
  const at = clean.indexOf('t7t7t7');
  const path = folderWith(flipped(clean, at * 8));
  const told: unknown[] = [];
  const store = open(path, { onDamage: (damage) => told.push(damage) });
  const damaged = items[7] as Item;
  const problem = await problemOf(() => store.table.get(damaged));
  expect(problem.code).toBe('data-damaged');
  expect(problem.message).toContain('item "p1" "PACK#007" in ');
  expect(problem.message).toContain(join(path, 'fanfold.sqlite'));
  const page = await store.table.query({ partition: 'p1' });
  expect(page.items).toHaveLength(count / 3 - 1);
  expect((await store.table.index('recent', { partition: 'i' })).items).toHaveLength(count - 1);
  await problemOf(() => store.table.put({ ...damaged, version: 9 }, { version: 7 }));
  expect(told).toEqual([expect.objectContaining({ place: 'item "p1" "PACK#007"' })]);
  expect(store.damaged()).toEqual(told);
  await store.close();
});

test('a damaged item harms no other that is put together with it', async () => {
  const store = open(folderWith(flipped(clean, clean.indexOf('t7t7t7') * 8)));
  const others = Array.from({ length: 20 }, (_, n) => item('new', `k${n}`));
  const puts = others.map((one) => store.table.put(one, 'absent'));
  const bad = problemOf(() => store.table.put(items[7] as Item, 'absent'));
  const more = others.map((one) => store.table.put({ ...one, version: 2 }, { version: 1 }));
  expect((await bad).code).toBe('data-damaged');
  for (const result of await Promise.all([...puts, ...more]))
    expect(result).toEqual({ done: true });
  await store.close();
});

test('a damaged item is healed by a put without a condition, or removed', async () => {
  const path = folderWith(flipped(clean, clean.indexOf('t7t7t7') * 8));
  const store = open(path);
  expect(await store.table.put(items[7] as Item, 'any')).toEqual({ done: true });
  expect((await readEverything(store)).size).toBe(count);
  expect(await store.check()).toEqual([]);
  await store.close();
  writeFileSync(join(path, 'fanfold.sqlite'), flipped(clean, clean.indexOf('t7t7t7') * 8));
  const again = open(path);
  expect(await again.table.remove(items[7] as Item, 'any')).toEqual({ done: true });
  expect((await readEverything(again)).size).toBe(count - 1);
  expect(await again.check()).toEqual([]);
  await again.close();
});

test('a log without its file is refused, and left as it is', async () => {
  const path = join(folder.path, 'lone');
  mkdirSync(path);
  writeFileSync(join(path, 'fanfold.sqlite-wal'), crashed.log);
  const problem = await problemOf(() => open(path));
  expect(problem.message).toContain('the file is missing, though its log is there');
  expect(readFileSync(join(path, 'fanfold.sqlite-wal')).equals(crashed.log)).toBe(true);
  copyFileSync(join(folder.path, 'made', 'fanfold.sqlite'), join(path, 'fanfold.sqlite'));
});
