import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import type { RunSummary } from '../../src/contract/api.ts';
import { type Embedded, startEmbedded } from '../../src/embedded/index.ts';

const root = mkdtempSync(join(tmpdir(), 'fanfold-schedules-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const open = (): Promise<Embedded> =>
  startEmbedded({ dataFolder: join(root, 'data'), port: null, slots: 1, fsync: false });

/** Once there are that many, all of which have ended. */
async function runsOf({ engine }: Embedded, count: number): Promise<readonly RunSummary[]> {
  for (;;) {
    const { items } = await engine.runs({ limit: 1000 });
    if (items.length >= count && items.every(({ state }) => state === 'succeeded')) return items;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const slotsOf = (runs: readonly RunSummary[]): number[] =>
  runs
    .map(({ tags }) => Date.parse(tags.find((tag) => tag.startsWith('slot:'))?.slice(5) ?? ''))
    .sort((a, b) => a - b);

/** Goal: a process that is gone misses no slot and doubles none. Method: by the second, over two lives of a process. */
test('a schedule by the second starts each of its slots once, also over a restart', async () => {
  const first = await open();
  await first.engine.schedules.put('tick', {
    workflow: { name: 'tick', tasks: [{ id: 'a', run: { kind: 'none' } }] },
    timing: { cron: '* * * * * *' },
    catchUp: { policy: 'all' },
  });
  const before = (await runsOf(first, 2)).length;
  await first.close();
  await new Promise((resolve) => setTimeout(resolve, 2_100));
  const second = await open();
  await runsOf(second, before + 3);
  await second.engine.schedules.pause('tick');
  const { started } = await second.engine.schedules.show('tick');
  const slots = slotsOf(await runsOf(second, started));
  await second.close();
  const [from = 0] = slots;
  expect(slots).toEqual(slots.map((_, i) => from + i * 1_000));
  expect(slots.length).toBe(started);
});
