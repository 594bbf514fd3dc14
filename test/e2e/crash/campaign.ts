/**
 * Goal: whatever was accepted ends as it must, once, however often the server is killed.
 * Method: clients submit runs of all kinds and note what they were answered; meanwhile the server is killed at random
 * moments, also while it starts. After the last start every run that was accepted is judged.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../../../src/client/client.ts';
import { isEnded } from '../../../src/contract/state.ts';
import { markedProcessesAfter } from '../processes.ts';
import { clientOf, type Place, type ServerProcess, startServer } from '../server.ts';
import { judgeRun, startedTwice } from './judge.ts';
import { crashKinds, inputOf, type Kind } from './kinds.ts';
import { type Entry, Ledger } from './ledger.ts';
import { load } from './load.ts';

export interface CampaignOptions {
  readonly place: Place;
  readonly cycles: number;
  readonly seed: number;
  readonly clients?: number;
  readonly lifeMsMin?: number;
  readonly lifeMsMax?: number;
  readonly pauseMs?: number;
  /** For how long nothing may move at the end before the campaign is given up. */
  readonly stillMsMax?: number;
  readonly say?: (line: string) => void;
}

export interface Summary {
  readonly cycles: number;
  readonly kills: number;
  readonly asked: number;
  readonly accepted: number;
  readonly cancelled: number;
  readonly endedBeforeLastStart: number;
  readonly startMsMedian: number;
  readonly startMsMax: number;
  readonly lastStartMs: number;
  readonly catchUpMs: number;
  readonly exitCode: number | null;
  readonly wrong: readonly string[];
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Mulberry32. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export async function crashCampaign(options: CampaignOptions): Promise<Summary> {
  const { place, seed } = options;
  const random = randomOf(seed);
  const starts = join(place.folder, 'starts');
  const kinds = crashKinds(starts);
  const ledger = new Ledger(join(place.folder, 'ledger'));
  const killing = await killOften(options, kinds, ledger, random);
  const { server, client, startMs } = await startLast(place);
  const runs = ledger.read();
  const ended = await countEnded(client);
  const since = Date.now();
  await submitUnanswered(client, kinds, [...runs.values()]);
  const stuck = await waitForAll(client, options.stillMsMax ?? 60_000, options.say);
  const catchUpMs = Date.now() - since;
  const wrong = [...stuck];
  for (const entries of runs.values()) wrong.push(...(await judgeRun(client, kinds, entries)));
  wrong.push(...startedTwice(starts));
  server.kill('SIGTERM');
  const { code } = await server.exited;
  for (const { pid, command } of await markedProcessesAfter(place.mark, 5_000))
    wrong.push(`process ${pid} is left: ${command}`);
  ledger.close();
  const all = [...runs.values()];
  const times = [...killing.startMs].sort((a, b) => a - b);
  return {
    cycles: options.cycles,
    kills: killing.kills,
    asked: all.length,
    accepted: all.filter((entries) => entries.some(({ word }) => word === 'accepted')).length,
    cancelled: all.filter((entries) => entries.some(({ word }) => word === 'cancelled')).length,
    endedBeforeLastStart: ended,
    startMsMedian: times[times.length >> 1] ?? 0,
    startMsMax: times.at(-1) ?? 0,
    lastStartMs: startMs,
    catchUpMs,
    exitCode: code,
    wrong: [...killing.wrong, ...wrong],
  };
}

interface Killing {
  readonly kills: number;
  /** From the start of the process to its first answer, of those that lived so long. */
  readonly startMs: readonly number[];
  readonly wrong: readonly string[];
}

async function killOften(
  options: CampaignOptions,
  kinds: readonly Kind[],
  ledger: Ledger,
  random: () => number,
): Promise<Killing> {
  const { place, cycles, clients = 3, pauseMs = 40, say } = options;
  const { lifeMsMin = 200, lifeMsMax = 2_000 } = options;
  const stop = new AbortController();
  let client: Client | undefined;
  const loading = { kinds, ledger, random, client: () => client, pauseMs, cancelEvery: 15 };
  const loads = Array.from({ length: clients }, () => load(loading, stop.signal));
  const startMs: number[] = [];
  const wrong: string[] = [];
  for (let cycle = 0; cycle < cycles; cycle++) {
    const server = startServer(place, { slots: 8, log: join(place.folder, 'stderr') });
    server.ready.then(
      (url) => {
        startMs.push(Date.now() - server.startedAt);
        client = clientOf(url);
      },
      () => undefined,
    );
    // Some are killed while they start; most serve for a while, however busy the machine is.
    if (random() < 0.7) wrong.push(...(await servesInTime(server)));
    await sleep(lifeMsMin + random() * (lifeMsMax - lifeMsMin));
    wrong.push(...(await killHard(server)));
    client = undefined;
    if ((cycle + 1) % 20 === 0) say?.(`${cycle + 1} cycles, ${ledger.read().size} runs asked for`);
  }
  stop.abort();
  await Promise.all(loads);
  return { kills: cycles, startMs, wrong };
}

const START_MS_MAX = 60_000;

async function servesInTime(server: ServerProcess): Promise<string[]> {
  const timer = new AbortController();
  const late = delay(START_MS_MAX, ['the server did not serve in time'], { signal: timer.signal });
  const served = server.ready.then(
    () => [],
    () => [],
  );
  const found = await Promise.race([served, late.catch(() => [])]);
  timer.abort();
  return found;
}

/** Its death must be our doing: a server that ended by itself is a finding. */
async function killHard(server: ServerProcess): Promise<string[]> {
  server.kill('SIGKILL');
  const { code, signal } = await server.exited;
  return signal === 'SIGKILL'
    ? []
    : [`the server ended by itself with ${code}: ${server.stderr()}`];
}

async function startLast(place: Place) {
  const server = startServer(place, { slots: 8, log: join(place.folder, 'stderr') });
  const client = clientOf(await server.ready);
  return { server, client, startMs: Date.now() - server.startedAt };
}

async function pagesOf<T>(
  read: (after: string | undefined) => Promise<{ items: readonly T[]; next: string | null }>,
): Promise<T[]> {
  const all: T[] = [];
  let after: string | undefined;
  do {
    const page = await read(after);
    all.push(...page.items);
    after = page.next ?? undefined;
  } while (after !== undefined);
  return all;
}

const runsOf = (client: Client) =>
  pagesOf((after) => client.runs({ limit: 1000, ...(after !== undefined && { after }) }));

async function countEnded(client: Client): Promise<number> {
  return (await runsOf(client)).filter(({ state }) => isEnded(state)).length;
}

/** Of what was not answered nobody knows whether it was accepted: submitting it again under its id settles that. */
async function submitUnanswered(
  client: Client,
  kinds: readonly Kind[],
  runs: readonly (readonly Entry[])[],
): Promise<void> {
  for (const entries of runs) {
    const [{ id, kind, n }] = entries as [Entry];
    if (entries.some(({ word }) => word === 'accepted')) continue;
    await client.submit({ id, workflow: (kinds[kind] as Kind).workflow, input: inputOf(n) });
  }
}

async function waitForAll(
  client: Client,
  stillMsMax: number,
  say: CampaignOptions['say'],
): Promise<string[]> {
  let [least, movedAt] = [Number.POSITIVE_INFINITY, Date.now()];
  for (;;) {
    const open = (await runsOf(client)).filter(({ state }) => !isEnded(state));
    if (open.length === 0) return [];
    if (open.length < least) [least, movedAt] = [open.length, Date.now()];
    if (Date.now() - movedAt > stillMsMax)
      return [`nothing moves: ${open.length} runs are open, such as ${open[0]?.id}`];
    say?.(`${open.length} runs are open`);
    await sleep(500);
  }
}
