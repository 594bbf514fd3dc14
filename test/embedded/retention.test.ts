import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { openBlobs } from '../../src/adapters/embedded/blobs.ts';
import { openLogs } from '../../src/adapters/embedded/logs.ts';
import { openStore } from '../../src/adapters/embedded/store.ts';
import { memoryPorts, memorySystem } from '../../src/adapters/memory/system.ts';
import { type Embedded, startEmbedded } from '../../src/embedded/index.ts';
import { removeFiles, retentionOf } from '../../src/embedded/retention.ts';
import { createParts } from '../../src/engine/archive-part.ts';
import { archiveRuns } from '../../src/engine/archive-runs.ts';
import { createDecider } from '../../src/engine/create-engine.ts';
import { feedPrefixes, runPartition } from '../../src/engine/items.ts';
import { blobMs, looseMs } from '../../src/engine/retention.ts';
import { defaultSettings } from '../../src/engine/settings.ts';
import { workflowOf } from '../support/home.ts';

const dataFolder = mkdtempSync(join(tmpdir(), 'fanfold-retention-'));
let open: Embedded | undefined;
afterEach(async () => {
  await open?.close();
  rmSync(dataFolder, { recursive: true, force: true });
});

const day = 86_400_000;
const retention = retentionOf(3650);

/** The folder as a process finds it that comes later. */
async function later<T>(ms: number, work: (folder: ReturnType<typeof openLater>) => Promise<T>) {
  const folder = openLater(ms);
  try {
    return await work(folder);
  } finally {
    await folder.logs.close();
    await folder.store.close();
  }
}

function openLater(ms: number) {
  const now = () => Date.now() + ms;
  const clock = { now, sleep: async () => undefined };
  const store = openStore(dataFolder, { clock, feedPrefixes });
  const blobs = openBlobs(join(dataFolder, 'blobs'), now);
  const logs = openLogs(join(dataFolder, 'logs'));
  const plain = { clock, ids: { next: () => '' }, random: { next: () => 0 } };
  const others = memoryPorts(memorySystem({ now, after: () => undefined }), plain);
  const ports = { ...others, table: store.table, feed: store.feed, blobs, logs };
  const settings = { ...defaultSettings, soleDecider: true, shards: 1, retention };
  const { decider } = createDecider(ports, settings);
  return { now, store, blobs, logs, decider };
}

const start = (slots: number) =>
  startEmbedded({ dataFolder, slots, port: null, settings: { retention } });

test('a run is archived in the data folder, read from there, and gone with its files in the end', async () => {
  open = await start(1);
  const argv = ['echo', 'hello'];
  const workflow = workflowOf([{ id: 'a', run: { kind: 'command', argv } }]);
  const { run } = await open.engine.submit({ workflow });
  expect((await open.engine.end(run.id, 240_000)).state).toBe('succeeded');
  const before = await open.engine.run(run.id);
  await open.close();

  await later(8 * day, async ({ decider }) => {
    const parts = createParts(decider.ports.blobs);
    expect(await archiveRuns(decider, parts)).toEqual({ runs: 1, parts: 1, stuck: [] });
  });
  await later(9 * day + looseMs(retention), async ({ store, now }) => {
    while ((await store.purge(now(), 1000)) > 0);
    const { items } = await store.table.query({ partition: runPartition('main', run.id) });
    expect(items).toEqual([]);
  });
  open = await start(0);
  expect(await open.engine.run(run.id)).toEqual({ ...before, archived: true });
  expect((await open.engine.runs({})).items).toMatchObject([{ id: run.id, archived: true }]);
  const { lines } = await open.engine.logs({ run: run.id });
  expect(lines.map(({ text }) => text)).toContain('hello');
  await open.close();

  const end = 10 * day + blobMs(retention);
  await later(end, async ({ blobs, logs, now }) => {
    expect(await blobs.has(before.hash)).toBe(true);
    await removeFiles({ blobs, logs }, retention, now());
    expect(await blobs.has(before.hash)).toBe(false);
    expect((await logs.read({ run: run.id })).lines).toEqual([]);
  });
});
