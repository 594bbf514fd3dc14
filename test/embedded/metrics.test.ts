import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import parsePrometheus from 'parse-prometheus-text-format';
import { ownHeaders } from '../../src/client/server-token.ts';
import { type Embedded, startEmbedded } from '../../src/embedded/index.ts';
import { boundsMs, Spread } from '../../src/embedded/metrics/spread.ts';
import { otherWorkflows, Tally } from '../../src/embedded/metrics/tally.ts';
import type { Meta } from '../../src/engine/items.ts';

interface Sample {
  readonly value?: string;
  readonly labels?: Readonly<Record<string, string>>;
}
interface Family {
  readonly name: string;
  readonly type: string;
  readonly metrics: readonly Sample[];
}

let folder = '';
let server: (Embedded & { readonly url: string }) | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fanfold-metrics-'));
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<Embedded & { readonly url: string }> {
  server = (await startEmbedded({ dataFolder: folder, slots: 2, port: 0 })) as typeof server;
  return server as Embedded & { readonly url: string };
}

const scrape = (url: string) => fetch(`${url}/metrics`, { headers: ownHeaders(url) });

/** As another program reads it. */
async function read(url: string): Promise<ReadonlyMap<string, Family>> {
  const families = parsePrometheus(await (await scrape(url)).text()) as Family[];
  return new Map(families.map((family) => [family.name, family]));
}

const samplesOf = (families: ReadonlyMap<string, Family>, name: string): readonly Sample[] =>
  families.get(`fanfold_${name}`)?.metrics ?? [];

const numberOf = (
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined => {
  const fits = (sample: Sample) =>
    Object.entries(labels).every(([label, value]) => sample.labels?.[label] === value);
  const value = samplesOf(families, name).find(fits)?.value;
  return value === undefined ? undefined : Number(value);
};

const shell = (id: string, line: string) => ({ id, run: { kind: 'shell', line } }) as const;
const retried = {
  ...shell('b', 'exit 1'),
  retry: { attemptsMax: 2, delayMsMin: 1, delayMsMax: 1 },
} as never;

test('what was done is counted, and another parser reads it', async () => {
  const { engine, url } = await start();
  const good = { name: 'good', tasks: [shell('a', 'true'), shell('b', 'true')] };
  const bad = { name: 'ba"d\n'.slice(0, 2), tasks: [retried] };
  for (const workflow of [good, good, bad]) {
    const { run } = await engine.submit({ workflow });
    await engine.end(run.id, 60_000);
  }
  const families = await read(url);
  const of = (name: string, labels?: Readonly<Record<string, string>>) =>
    numberOf(families, name, labels);
  expect(of('runs_submitted_total', { workflow: 'good' })).toBe(2);
  expect(of('runs_ended_total', { workflow: 'good', state: 'succeeded' })).toBe(2);
  expect(of('runs_ended_total', { workflow: 'ba', state: 'failed' })).toBe(1);
  expect(samplesOf(families, 'runs_open')).toEqual([]);
  expect(of('attempts_total', { workflow: 'good', outcome: 'succeeded' })).toBe(4);
  expect(of('attempts_total', { workflow: 'ba', outcome: 'failed' })).toBe(2);
  expect(of('retries_total')).toBe(1);
  expect(of('losses_total')).toBe(0);
  expect(of('repairs_total', { kind: 'sent_again' })).toBe(0);
  expect(of('runners')).toBe(1);
  expect(of('runner_slots')).toBe(2);
  const buckets = (await (await scrape(url)).text()).match(
    /^fanfold_attempt_seconds_bucket\{outcome="succeeded",le=.*$/gm,
  );
  expect(buckets).toHaveLength(boundsMs.length + 1);
  expect(buckets?.at(-1)).toMatch(/le="\+Inf"\} 4$/);
  expect(families.get('fanfold_attempt_seconds')?.type).toBe('HISTOGRAM');
  expect(samplesOf(families, 'queue_wait_seconds').length).toBeGreaterThan(0);
});

test('what waits has an age', async () => {
  const { engine, url } = await start();
  const busy = { name: 'busy', tasks: ['a', 'b'].map((id) => shell(id, 'sleep 60')) };
  await engine.submit({ workflow: busy });
  const waits = { name: 'waits', tasks: [shell('c', 'true')] };
  const { run } = await engine.submit({ workflow: waits });
  expect(numberOf(await read(url), 'runs_open', { state: 'running' })).toBe(2);
  expect(samplesOf(await read(url), 'queue_oldest_seconds').length).toBeGreaterThan(0);
  await engine.control(run.id, { action: 'cancel' });
  expect(numberOf(await read(url), 'runs_ended_total', { state: 'cancelled' })).toBe(1);
});

test('the process is told of too, in the type that scrapers expect', async () => {
  const { url } = await start();
  const answer = await scrape(url);
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const names = (parsePrometheus(await answer.text()) as Family[]).map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining(['nodejs_eventloop_lag_p99_seconds', 'process_resident_memory_bytes']),
  );
  expect((await fetch(`${url}/metrics`)).status).toBe(401);
});

test('runs that were open before this process began are open still', async () => {
  const { engine } = await start();
  const { run } = await engine.submit({ workflow: { name: 'long', tasks: [shell('a', 'true')] } });
  await engine.end(run.id, 60_000);
  const sleeping = { name: 'long', tasks: [shell('a', 'sleep 60')] };
  const { run: open } = await engine.submit({ workflow: sleeping });
  await server?.close();
  const again = await start();
  expect(numberOf(await read(again.url), 'runs_open', { state: 'running' })).toBe(1);
  await again.engine.control(open.id, { action: 'cancel' });
  await again.engine.end(open.id, 60_000);
  expect(samplesOf(await read(again.url), 'runs_open')).toEqual([]);
});

test.each([
  [0, 0],
  [1, 0],
  [1.5, 1],
  [3_600_000, boundsMs.length - 1],
  [3_600_001, boundsMs.length],
])('%d ms fall into bucket %d', (ms, bucket) => {
  const spread = new Spread();
  spread.note(ms);
  expect(spread.cumulated().findIndex(({ count }) => count === 1)).toBe(bucket);
  expect(spread.sumSeconds).toBe(ms / 1000);
});

test('names of workflows do not grow without end', () => {
  const tally = new Tally();
  const meta = (n: number) => ({ id: `${n}`, state: 'running', workflow: `w${n}` }) as Meta;
  for (let n = 0; n < 1000; n++) tally.stored(meta(n), true);
  expect(tally.workflows.size).toBeLessThanOrEqual(201);
  expect(tally.workflows.get(otherWorkflows)?.submitted).toBe(800);
});

test('an end that is stored again, as when its run is archived, is one end', () => {
  const tally = new Tally();
  const meta = { id: '1', state: 'running', workflow: 'w', createdAt: 5 } as Meta;
  tally.stored(meta, true);
  for (let n = 0; n < 2; n++) tally.stored({ ...meta, state: 'failed', endedAt: 9 }, false);
  expect(tally.workflows.get('w')?.ended).toEqual({ failed: 1 });
});
