/**
 * How fast the data folder is: durable puts by size of call, changes, reads, feed, queue, memory and start.
 *
 *   node bench/store.ts [--json FILE] [--folder FOLDER] [--puts N]
 */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createQueue } from '../src/adapters/embedded/queue.ts';
import { openStore, type Store } from '../src/adapters/embedded/store.ts';
import { systemClock, systemIds } from '../src/adapters/system.ts';
import type { Item, Put } from '../src/ports/table.ts';

const { values: args } = parseArgs({
  options: {
    json: { type: 'string' },
    folder: { type: 'string' },
    puts: { type: 'string', default: '200000' },
  },
});
const puts = Number(args.puts);
const folder = mkdtempSync(join(args.folder ?? tmpdir(), 'fanfold-bench-'));
const ids = systemIds();

interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  readonly maxMs?: number;
}
const rows: Row[] = [];

function report(row: Row): void {
  rows.push(row);
  const figure =
    row.value >= 100 ? Math.round(row.value).toLocaleString('en') : row.value.toFixed(2);
  const times = [row.p50Ms, row.p99Ms, row.maxMs].map((ms) =>
    (ms === undefined ? '' : ms.toFixed(2)).padStart(9),
  );
  console.log(
    `${row.what.padEnd(46)}${figure.padStart(12)} ${row.unit.padEnd(8)}${times.join('')}`,
  );
}

/** Does `work` until `total` are done, `each` at a time, and reports how many a second. */
async function rate(
  what: string,
  total: number,
  each: number,
  work: (at: number) => Promise<unknown>,
) {
  const times: number[] = [];
  const begin = performance.now();
  for (let at = 0; at < total; at += each) {
    const start = performance.now();
    await work(at);
    times.push(performance.now() - start);
  }
  const seconds = (performance.now() - begin) / 1000;
  times.sort((a, b) => a - b);
  const part = (share: number) =>
    times[Math.min(times.length - 1, Math.floor(times.length * share))] as number;
  report({
    what,
    value: total / seconds,
    unit: '/s',
    p50Ms: part(0.5),
    p99Ms: part(0.99),
    maxMs: part(1),
  });
}

const text = 'x'.repeat(40);
/** About 250 bytes of JSON. */
const dataOf = (n: number) => ({
  n,
  state: 'running',
  owner: '01JABCDEFGHJKMNPQRSTVWXYZ0',
  tasks: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  times: { createdAt: 1_763_700_000_000 + n, startedAt: 1_763_700_000_100 + n },
  labels: { team: 'data', kind: 'nightly' },
  text,
});
const itemOf = (sort: string, n: number): Item => ({
  partition: `main/RUN#${ids.next()}`,
  sort,
  version: 1,
  data: dataOf(n),
});
const manyOf = (sort: string, from: number, count: number): Put[] =>
  Array.from({ length: count }, (_, n) => ({ item: itemOf(sort, from + n), condition: 'absent' }));

const rssMb = () => process.memoryUsage.rss() / 1e6;
const open = (fsync = true): Store =>
  openStore(folder, { clock: systemClock, feedPrefixes: ['PACK#'], fsync });

async function measurePuts(store: Store): Promise<Put[]> {
  const known: Put[] = [];
  await rate('put, one after the other', Math.min(5000, puts), 1, (at) =>
    store.table.put(itemOf('META', at), 'absent'),
  );
  for (const each of [10, 100, 1000, 10_000])
    await rate(`putMany of ${each}`, puts, each, (at) => {
      const many = manyOf('META', at, each);
      if (each === 1000) known.push(...many);
      return store.table.putMany(many);
    });
  await rate('put, 1,000 callers at a time', puts, 1000, (at) =>
    Promise.all(manyOf('META', at, 1000).map(({ item }) => store.table.put(item, 'absent'))),
  );
  return known;
}

async function measureChanges(store: Store, known: readonly Put[]): Promise<void> {
  const next = (at: number, version: number, indexes?: Item['indexes']): Put[] =>
    known.slice(at, at + 1000).map(({ item }) => ({
      item: { ...item, version: version + 1, ...(indexes && { indexes }) },
      condition: { version },
    }));
  await rate('changes under the version, 1,000 a call', known.length, 1000, (at) =>
    store.table.putMany(next(at, 1)),
  );
  await rate('changes with two index entries, 1,000 a call', known.length, 1000, (at) =>
    store.table.putMany(
      next(at, 2, {
        active: { partition: `a${at % 16}`, sort: ids.next() },
        recent: { partition: `r${at % 16}`, sort: ids.next() },
      }),
    ),
  );
  await rate('refused puts, 1,000 a call', known.length, 1000, (at) =>
    store.table.putMany(known.slice(at, at + 1000)),
  );
}

async function measureReads(store: Store, known: readonly Put[]): Promise<void> {
  const keys = known.map(({ item }) => item);
  await rate('get, one after the other', keys.length, 1, (at) => store.table.get(keys[at] as Item));
  await rate('getMany of 100', keys.length, 100, (at) =>
    store.table.getMany(keys.slice(at, at + 100)),
  );
  const partition = 'main/RUN#large';
  const large = Array.from({ length: 10_000 }, (_, n) => ({
    item: { partition, sort: `PACK#${String(n).padStart(6, '0')}`, version: 1, data: dataOf(n) },
    condition: 'absent' as const,
  }));
  await store.table.putMany(large);
  let after: string | undefined;
  await rate('query, pages of 100', 10_000, 100, async () => {
    const page = await store.table.query({
      partition,
      limit: 100,
      ...(after !== undefined && { after }),
    });
    after = page.next;
  });
}

async function measureFeed(store: Store): Promise<void> {
  let seen = 0;
  let arrived = (): void => {};
  const stop = store.feed.subscribe(['PACK#'], async (items) => {
    seen += items.length;
    arrived();
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  await rate('put, then its arrival at the feed', 3000, 1, async (at) => {
    const before = seen;
    const arrival = new Promise<void>((resolve) => {
      arrived = () => seen > before && resolve();
    });
    await store.table.put(itemOf('PACK#1', at), 'absent');
    await arrival;
  });
  await rate('putMany of 1000 that all go to the feed', puts, 1000, (at) =>
    store.table.putMany(manyOf('PACK#1', at, 1000)),
  );
  await stop();
}

async function measureQueue(): Promise<void> {
  const queue = createQueue({ clock: systemClock });
  const body = { run: 'r', task: 1 };
  const take = (max: number) => queue.take({ queues: ['q'], max, waitMs: 0, visibilityMs: 30_000 });
  const messages = 1_000_000;
  for (const each of [10, 100]) {
    const batch = Array.from({ length: each }, () => ({ queue: 'q', body }));
    await rate(`queue: send, take, remove, ${each} a call`, messages, each, async () => {
      await queue.send(batch);
      await queue.remove((await take(each)).map(({ receipt }) => receipt));
    });
  }
  const deep = Array.from({ length: 100 }, () => ({ queue: 'q', body }));
  await rate('queue: send, to a million deep', messages, 100, () => queue.send(deep));
  const receipts: string[][] = [];
  await rate('queue: take, from a million deep', messages, 100, async () => {
    receipts.push((await take(100)).map(({ receipt }) => receipt));
  });
  await rate('queue: remove, of a million in flight', messages, 100, (at) =>
    queue.remove(receipts[at / 100] as string[]),
  );
  queue.close();
}

function measureStart(what: string): Store {
  const begin = performance.now();
  const store = open();
  report({ what, value: performance.now() - begin, unit: 'ms' });
  return store;
}

async function main(): Promise<void> {
  console.log(`${cpus()[0]?.model}, ${cpus().length} cores, Node ${process.version}, ${folder}\n`);
  console.log(
    `${' '.repeat(59)}unit    ${['p50 ms', 'p99 ms', 'max ms'].map((head) => head.padStart(9)).join('')}`,
  );
  const before = rssMb();
  let store = measureStart('open a fresh folder');
  await store.table.put(itemOf('META', 0), 'absent');
  report({ what: 'memory of a fresh store', value: rssMb() - before, unit: 'MB' });
  const known = await measurePuts(store);
  await measureChanges(store, known);
  await measureReads(store, known);
  await measureFeed(store);
  report({ what: 'memory after the load', value: rssMb(), unit: 'MB' });
  const size = statSync(join(folder, 'fanfold.sqlite')).size / 1e6;
  await store.close();
  store = measureStart(`open a folder of ${Math.round(size)} MB`);
  await store.close();
  await measureQueue();
  const begin = performance.now();
  for (let n = 0; n < 2_000_000; n++) ids.next();
  report({ what: 'ids', value: 2e9 / (performance.now() - begin), unit: '/s' });
  rmSync(folder, { recursive: true });
  if (args.json !== undefined)
    writeFileSync(
      args.json,
      `${JSON.stringify({ cpu: cpus()[0]?.model, cores: cpus().length, node: process.version, puts, rows }, null, 2)}\n`,
    );
}

await main();
