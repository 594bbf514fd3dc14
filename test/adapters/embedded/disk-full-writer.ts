/** Fills the disk that the folder lies on, makes room, and says what it found. Exits 0 when all was as promised. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '../../../src/adapters/embedded/store.ts';
import { systemClock } from '../../../src/adapters/system.ts';
import { Problem } from '../../../src/contract/problem.ts';

const folder = process.argv[2] as string;
const ballast = join(folder, 'ballast');
writeFileSync(ballast, Buffer.alloc(1_500_000, 1));
const openIt = () => openStore(folder, { clock: systemClock, feedPrefixes: ['k'] });
const item = (sort: string) => ({
  partition: 'p',
  sort,
  version: 1,
  data: { sort, text: 'x'.repeat(1000) },
});
const keyOf = (sort: string) => ({ partition: 'p', sort });

let store = openIt();
const kept: string[] = [];
const refused: string[] = [];

/** Puts until it is refused; some at a time, so that groups are large. */
async function fill(name: string): Promise<void> {
  for (let n = 0; ; n++) {
    const sorts = Array.from({ length: 20 }, (_, i) => `k${name}-${n}-${i}`);
    const results = await Promise.allSettled(
      sorts.map((sort) => store.table.put(item(sort), 'absent')),
    );
    for (const [i, result] of results.entries())
      (result.status === 'fulfilled' ? kept : refused).push(sorts[i] as string);
    const errors = results.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    for (const error of errors) {
      assert.ok(error instanceof Problem && error.code === 'disk-full', String(error));
      assert.match(error.message, /fanfold\.sqlite/);
    }
    if (errors.length > 0) return;
  }
}

async function verify(): Promise<void> {
  const found = await store.table.getMany(kept.map(keyOf));
  assert.deepEqual(
    found.map((one) => one?.data.sort),
    kept,
  );
  const never = await store.table.getMany(refused.map(keyOf));
  assert.deepEqual(
    never.filter((one) => one !== undefined),
    [],
  );
  assert.deepEqual(store.damaged(), []);
}

await fill('a');
await verify();
await fill('b');
await verify();
const beforeRoom = kept.length;
rmSync(ballast);
assert.deepEqual(await store.table.put(item('k-again'), 'absent'), { done: true });
kept.push('k-again');
await fill('c');
assert.ok(kept.length > beforeRoom + 100, `${kept.length - beforeRoom} more`);
await verify();
await store.close();
store = openIt();
await verify();
assert.deepEqual(await store.check(), []);
await store.close();
process.stdout.write(`kept ${kept.length}, refused ${refused.length}\n`);
