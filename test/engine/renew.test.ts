import { expect, test } from '@jest/globals';
import { asData, packSort, runPartition } from '../../src/engine/items.ts';
import type { LoadedRun } from '../../src/engine/loaded-run.ts';
import { renew } from '../../src/engine/renew.ts';
import { looseMs } from '../../src/engine/retention.ts';
import { openScene, runId, runnerA, workOf } from '../support/scene.ts';

const day = 86_400_000;
const retention = { archiveMs: 7 * day, lingerMs: 0, itemsMs: 15 * day, keepMs: 730 * day };

test('what a run names is renewed many at a time, each once, and all of it', async () => {
  const scene = openScene({ retention });
  await scene.submit([workOf('a')]);
  await scene.fold();
  const hashes = Array.from({ length: 100 }, (_, n) => String(n).padStart(64, '0'));
  const reports = hashes.map((blob) => ({ task: 0, attempt: 1, output: { blob, size: 5000 } }));
  const partition = runPartition('main', runId);
  const data = asData({ owner: runnerA, reports: [...reports, ...reports] });
  const pack = { partition, sort: packSort('PACK#', runnerA, 0), version: 1, data };
  await scene.ports.table.put(pack, 'absent');
  scene.pass(looseMs(retention));
  const renewed: string[] = [];
  let under = 0;
  let most = 0;
  scene.ports.blobs.renew = async (hash) => {
    most = Math.max(most, ++under);
    await new Promise((resolve) => setImmediate(resolve));
    under--;
    renewed.push(hash);
  };
  const run = (await scene.own.runs.look(runId, true)) as LoadedRun;
  expect(await renew(scene.own, run)).toBe(scene.ports.clock.now());
  expect(renewed.sort()).toEqual([...hashes, run.meta.hash].sort());
  expect(most).toBeGreaterThan(10);
  expect(most).toBeLessThan(100);
});
