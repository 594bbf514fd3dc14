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

test('artifacts are renewed with their run, those in long lists and the lists too; a damaged list stops nothing', async () => {
  const scene = openScene({ retention });
  await scene.submit([workOf('a')]);
  await scene.fold();
  const file = (n: number) => ({ path: `f${n}`, blob: String(n).padStart(64, '0'), size: 1 });
  const bytes = new TextEncoder().encode(JSON.stringify([file(1), file(2)]));
  const list = { blob: await scene.ports.blobs.put(bytes), size: bytes.length };
  const lost = { blob: 'f'.repeat(64), size: 1 };
  const reports = [list, { value: [file(3)] }, lost].map((list) => ({
    task: 0,
    attempt: 1,
    artifacts: { count: 1, bytes: 1, list },
  }));
  const partition = runPartition('main', runId);
  const data = asData({ owner: runnerA, reports });
  const pack = { partition, sort: packSort('PACK#', runnerA, 0), version: 1, data };
  await scene.ports.table.put(pack, 'absent');
  scene.pass(looseMs(retention));
  const renewed = new Set<string>();
  scene.ports.blobs.renew = async (hash) => void renewed.add(hash);
  const run = (await scene.own.runs.look(runId, true)) as LoadedRun;
  await renew(scene.own, run);
  const named = [1, 2, 3].map((n) => file(n).blob);
  expect(renewed).toEqual(new Set([run.meta.hash, list.blob, lost.blob, ...named]));
});
