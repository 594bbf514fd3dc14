import { appendFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Client } from '../../src/client/client.ts';
import { ownHeaders } from '../../src/client/server-token.ts';
import type { ServerView } from '../../src/contract/server.ts';
import { type Embedded, type EmbeddedOptions, startEmbedded } from '../../src/embedded/index.ts';

let folder = '';
let open: Embedded | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fanfold-server-view-'));
});
afterEach(async () => {
  await open?.close();
  open = undefined;
  rmSync(folder, { recursive: true, force: true });
});

async function start(options: Partial<EmbeddedOptions> = {}): Promise<Embedded> {
  const quiet = { onTrouble: () => undefined };
  open = await startEmbedded({ dataFolder: folder, slots: 1, port: null, ...quiet, ...options });
  return open;
}

const task = { id: 'a', run: { kind: 'shell', line: 'echo said' } } as const;
const workflow = { name: 'view', tasks: [task] };

async function runOne(): Promise<string> {
  const { engine, close } = await start();
  const { run } = await engine.submit({ workflow });
  await engine.end(run.id, 60_000);
  await close();
  return run.id;
}

const filesBelow = (name: string): string[] =>
  readdirSync(join(folder, name), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

test('all that is stored is read, and nothing is damaged', async () => {
  await runOne();
  const view = await (await start({ slots: 0, version: '1.2.3' })).check();
  expect(view).toMatchObject({ version: '1.2.3', isWhole: true, stuck: [], damaged: [] });
  expect(view.disk.freeBytes).toBeGreaterThan(0);
});

test('what is damaged is named, blobs and lines of logs', async () => {
  const run = await runOne();
  const [blob = ''] = filesBelow('blobs');
  writeFileSync(blob, 'other bytes');
  const log = filesBelow('logs').find((file) => file.includes(run)) ?? '';
  appendFileSync(log, '{"task":"a","attempt":1,"text":"forged","sum":1}\n');
  const { damaged } = await (await start({ slots: 0 })).check();
  const files = damaged.map(({ file }) => join(folder, file));
  expect(files.sort()).toEqual([blob, log].sort());
});

test('a run that cannot be read is stuck', async () => {
  const { engine, close } = await start({ slots: 0 });
  const { run } = await engine.submit({ workflow });
  await close();
  for (const blob of filesBelow('blobs')) writeFileSync(blob, 'other bytes');
  const { stuck } = await (await start({ slots: 0 })).check();
  expect(stuck.map((one) => one.run)).toEqual([run.id]);
});

test('a server tells a viewer how it is', async () => {
  const { url = '' } = await start({ port: 0, slots: 0, version: '1.2.3' });
  const client = new Client({ url, headers: ownHeaders(url) });
  const call = { method: 'GET', path: '/v1/server', repeatable: true } as const;
  const view = (await client.call(call)) as ServerView;
  expect(view).toMatchObject({ version: '1.2.3', node: process.versions.node, isWhole: false });
});
