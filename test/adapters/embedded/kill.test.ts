import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { Store } from '../../../src/adapters/embedded/store.ts';
import { readAll } from '../../ports/table-kit.ts';
import { until } from '../../ports/until.ts';
import { freshFolder, open } from './kit.ts';

const rounds = Number(process.env.FANFOLD_KILL_ROUNDS ?? 20);

/** All that was ever answered, over all rounds. */
interface Ledger {
  inserted: number;
  counted: number;
  readonly handled: Set<number>;
}

function note(ledger: Ledger, line: string): void {
  const [kind, ...numbers] = line.split(' ');
  if (kind === 'a') ledger.inserted = Number(numbers[0]);
  if (kind === 'u') ledger.counted = Number(numbers[0]);
  if (kind === 'h') for (const n of numbers) ledger.handled.add(Number(n));
}

/** Lets a process write for a random while, kills it, and notes all it was answered. */
async function oneRound(folder: string, ledger: Ledger, counter: number, from: number) {
  const args = [join(import.meta.dirname, 'kill-writer.ts'), folder, String(from), String(counter)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const errors: string[] = [];
  child.stderr.on('data', (text) => errors.push(String(text)));
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => note(ledger, line));
  const ended = Promise.all([once(child, 'close'), once(lines, 'close')]);
  await Promise.race([once(lines, 'line'), ended]);
  await sleep(Math.random() * 120);
  const alive = child.exitCode === null;
  child.kill('SIGKILL');
  await ended;
  if (!alive) throw new Error(`the writer ended by itself: ${errors.join('')}`);
}

/** What the store holds beyond the ledger was never answered, so it may be there or not. */
async function verify(store: Store, ledger: Ledger, before: number) {
  const keys = Array.from({ length: ledger.inserted }, (_, n) => ({
    partition: `p${n % 7}`,
    sort: `PACK#${n}`,
  }));
  const items = await store.table.getMany(keys);
  const lost = items.flatMap((item, n) =>
    item?.data.n === n && item.bytes?.[0] === (n & 255) ? [] : [n],
  );
  expect(lost).toEqual([]);
  const counter = await store.table.get({ partition: 'p', sort: 'counter' });
  expect(counter?.version ?? 0).toBeGreaterThanOrEqual(ledger.counted);
  expect(counter?.version ?? 0).toBeLessThanOrEqual(Math.max(ledger.counted, before) + 1);
  const indexed = await readAll((range) => store.table.index('recent', range), { partition: 'i' });
  const numbers = indexed.map(({ data }) => data.n as number);
  expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, n) => n));
  return { counter: counter?.version ?? 0, next: numbers.length };
}

/**
 * Goal: a process that is killed at any moment loses nothing that was answered, and no insert misses the feed.
 * Method: writers that tell what they were answered are killed at random; after each, everything is compared.
 */
test(
  `in ${rounds} rounds of kill -9, nothing that was answered is lost and every insert is handled`,
  async () => {
    const folder = freshFolder();
    const ledger: Ledger = { inserted: 0, counted: 0, handled: new Set() };
    let at = { counter: 0, next: 0 };
    for (let round = 0; round < rounds; round++) {
      await oneRound(folder.path, ledger, at.counter, at.next);
      const store = open(folder.path, { feedPrefixes: ['PACK#'] });
      at = await verify(store, ledger, at.counter);
      if (round === rounds - 1) {
        store.feed.subscribe(['PACK#'], async (items) => {
          for (const { data } of items) ledger.handled.add(data.n as number);
        });
        await until('every insert was handled', () => ledger.handled.size === at.next);
        expect(await store.check()).toEqual([]);
      }
      await store.close();
    }
    expect(ledger.inserted).toBeGreaterThan(rounds);
    folder.remove();
  },
  60_000 + rounds * 2000,
);
