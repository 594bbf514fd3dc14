/**
 * Writes without end, and says each time what was answered: `a N` all inserts up to N, `u N` the counter stands at N,
 * `h N…` these inserts were handled. A line is written whole before anything else happens.
 */
import { writeSync } from 'node:fs';
import { openStore } from '../../../src/adapters/embedded/store.ts';
import { systemClock } from '../../../src/adapters/system.ts';
import type { Item } from '../../../src/ports/table.ts';

const [folder, from, counterFrom] = process.argv.slice(2) as [string, string, string];
const say = (line: string): void => {
  writeSync(1, `${line}\n`);
};
const store = openStore(folder, { clock: systemClock, feedPrefixes: ['PACK#'] });
say('open');

store.feed.subscribe(['PACK#'], async (items) => {
  say(`h ${items.map(({ data }) => data.n).join(' ')}`);
});

async function insert(): Promise<void> {
  for (let n = Number(from); ; ) {
    const count = 1 + Math.floor(Math.random() * 40);
    const puts = Array.from({ length: count }, (_, i) => ({
      item: packOf(n + i),
      condition: 'absent' as const,
    }));
    await store.table.putMany(puts);
    n += count;
    say(`a ${n}`);
  }
}

async function countUp(): Promise<void> {
  for (let n = Number(counterFrom); ; n++) {
    const item = { partition: 'p', sort: 'counter', version: n + 1, data: { n: n + 1 } };
    const result = await store.table.put(item, n === 0 ? 'any' : { version: n });
    if (!result.done) throw new Error(`the counter is ${JSON.stringify(result.found)}, not ${n}`);
    say(`u ${n + 1}`);
  }
}

const packOf = (n: number): Item => ({
  partition: `p${n % 7}`,
  sort: `PACK#${n}`,
  version: 1,
  data: { n, text: 'x'.repeat(n % 300) },
  bytes: Uint8Array.of(n & 255, (n >> 8) & 255),
  indexes: { recent: { partition: 'i', sort: String(n).padStart(9, '0') } },
});

await Promise.all([insert(), countUp()]);
