import { afterEach, expect, test } from '@jest/globals';
import type { Report } from '../../src/contract/happening.ts';
import type { Task } from '../../src/contract/workflow.ts';
import { fromData, type PackData, runPartition, sortKeys } from '../../src/engine/items.ts';
import { type Home, openHome, workflowOf } from '../support/home.ts';

let home: Home;
afterEach(() => home.close());

const refTo = (path: string): string => `\${{ ${path} }}`;

const chainOf = (length: number, more: Partial<Task>) =>
  workflowOf(
    Array.from({ length }, (_, n) => ({ ...more, ...(n > 0 && { needs: [`t${n - 1}`] }) })),
  );

async function stored(run: string): Promise<{ packs: Report[][]; claims: number }> {
  const partition = runPartition('main', run);
  const lying = async (prefix: string) =>
    (await home.ports.table.query({ partition, from: prefix, to: `${prefix}~` })).items;
  const packs = (await lying(sortKeys.pack)).map(
    ({ data }) => fromData<PackData>(data).reports as unknown as Report[],
  );
  return { packs, claims: (await lying(sortKeys.claim)).length };
}

test('a chain that is delivered at least once is reported together, without a claim', async () => {
  home = openHome(({ task }) => ({ output: task }));
  const workflow = chainOf(6, { delivery: 'at-least-once' });
  const { run } = await home.engine.submit({ workflow });
  expect(await home.ended(run.id)).toMatchObject({ state: 'succeeded', outputs: { t5: 't5' } });
  const { packs, claims } = await stored(run.id);
  expect(packs.map((reports) => reports.map(({ task }) => task))).toEqual([[0, 1, 2, 3, 4, 5]]);
  expect(claims).toBe(0);
  expect(home.errors).toEqual([]);
});

test('what failed in such a chain is reported with what led to it, and tried again', async () => {
  home = openHome(({ task, attempt }) =>
    task === 't2' && attempt === 1
      ? { outcome: 'failed', error: { reason: 'error', message: 'no' } }
      : {},
  );
  const workflow = chainOf(4, { delivery: 'at-least-once', retry: { attemptsMax: 2 } });
  const { run } = await home.engine.submit({ workflow });
  expect(await home.ended(run.id)).toMatchObject({ state: 'succeeded' });
  const { packs } = await stored(run.id);
  const names = packs.map((reports) => reports.map(({ task, attempt }) => `${task}@${attempt}`));
  expect(names).toEqual([
    ['0@1', '1@1', '2@1'],
    ['2@2', '3@1'],
  ]);
});

test('reports of such a chain do not wait for its end for longer than a heartbeat', async () => {
  let begun = (): void => {};
  const last = new Promise<void>((resolve) => {
    begun = resolve;
  });
  home = openHome(
    ({ task }) => {
      if (task !== 't3') return {};
      begun();
      return 'never';
    },
    { heartbeatMs: 20 },
  );
  const { run } = await home.engine.submit({
    workflow: chainOf(4, { delivery: 'at-least-once' }),
  });
  await last;
  for (;;) {
    const { counts } = await home.engine.run(run.id);
    if (counts.succeeded === 3) break;
    await home.ports.clock.sleep(10);
  }
});

test('a claimed chain is claimed and reported link by link', async () => {
  home = openHome(() => ({}));
  const { run } = await home.engine.submit({ workflow: chainOf(3, {}) });
  expect(await home.ended(run.id)).toMatchObject({ state: 'succeeded' });
  const { packs } = await stored(run.id);
  expect(packs.map((reports) => reports.map(({ task }) => task))).toEqual([[0], [1], [2]]);
});

test('a chain that changes its delivery is not gone on with', async () => {
  home = openHome(() => ({}));
  const tasks = [{ delivery: 'at-least-once' as const }, { needs: ['t0'] }];
  const { run } = await home.engine.submit({ workflow: workflowOf(tasks) });
  expect(await home.ended(run.id)).toMatchObject({ state: 'succeeded' });
  const { packs, claims } = await stored(run.id);
  expect(packs.flat().map(({ continued }) => continued)).toEqual([undefined, undefined]);
  expect(claims).toBe(1);
});

test('an input names the output of the link before', async () => {
  home = openHome(({ input }) => ({ output: input }));
  const given = { delivery: 'at-least-once' as const };
  const { run } = await home.engine.submit({
    workflow: workflowOf([
      { ...given, with: { n: 7 } },
      { ...given, needs: ['t0'], with: { from: refTo('tasks.t0.output.n') } },
    ]),
  });
  expect(await home.ended(run.id)).toMatchObject({ outputs: { t1: { from: 7 } } });
});
