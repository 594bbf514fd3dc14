import { afterEach, expect, test } from '@jest/globals';
import { ulid } from 'ulid';
import type { RunSummary } from '../../src/contract/api.ts';
import { listPart } from '../../src/engine/archive-list.ts';
import { PartWriter } from '../../src/engine/archive-part.ts';
import { type Home, openHome } from '../support/home.ts';

let home: Home | undefined;
afterEach(async () => {
  await home?.close();
  home = undefined;
});

const midnight = Date.UTC(2026, 0, 2);
const headAt = (createdAt: number): RunSummary => ({
  id: ulid(createdAt),
  workflow: 'w',
  hash: 'h',
  state: 'succeeded',
  generation: 1,
  createdAt,
  endedAt: createdAt + 1,
  tags: [],
  tasks: 1,
});

async function archived(
  { ports, decider }: Home,
  heads: readonly RunSummary[],
  late: boolean,
): Promise<void> {
  const writer = new PartWriter(ports.blobs);
  for (const head of heads) await writer.add(head, []);
  const part = { hash: await writer.close(), shard: '0', late };
  await listPart(ports, decider.settings, part, heads, new Set(heads.map(({ id }) => id)));
}

/** Every page, up to more than there can be; a page may be empty. */
async function listed({ engine }: Home, limit: number): Promise<readonly string[]> {
  const ids: string[] = [];
  let after: string | undefined;
  for (let pages = 0; pages < 100; pages++) {
    const page = await engine.runs({ limit, ...(after && { after }) });
    ids.push(...page.items.map(({ id }) => id));
    if (page.next === null) return ids;
    after = page.next;
  }
  throw new Error('there is always a next page');
}

test.each([[30], [1000]])('a day of many parts is listed to its end, %d a page', async (limit) => {
  home = openHome(() => ({}));
  const heads = Array.from({ length: 130 }, (_, n) => headAt(midnight + n * 60_000));
  for (const head of heads) await archived(home, [head], false);
  expect(await listed(home, limit)).toEqual(heads.map(({ id }) => id).reverse());
});

test.each([[50], [1000]])(
  'parts that span a whole day are listed too, %d a page',
  async (limit) => {
    home = openHome(() => ({}));
    const hour = 3_600_000;
    const heads: RunSummary[] = [];
    for (let n = 0; n < 60; n++) {
      const pair = [headAt(midnight + n), headAt(midnight + 20 * hour + n)];
      await archived(home, pair, true);
      heads.push(...pair);
    }
    heads.sort((a, b) => b.createdAt - a.createdAt);
    expect(await listed(home, limit)).toEqual(heads.map(({ id }) => id));
  },
);
