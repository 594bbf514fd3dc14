import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import type {
  AttemptResult,
  Beat,
  ExecutionSpec,
  Executor,
  ExecutorEvents,
  SpawnRequest,
} from '../../src/contract/execution.ts';
import type { Json } from '../../src/contract/json.ts';
import type { Run } from '../../src/contract/workflow.ts';
import type { LogLine } from '../../src/ports/log-sink.ts';
import { createExecutor, type ExecutorOptions } from '../../src/runner/executor.ts';

/** An executor with real processes, and all that it has told. */
export interface Rig {
  readonly executor: Executor;
  readonly workFolder: string;
  readonly started: number[];
  readonly startedAt: ReadonlyMap<number, number>;
  readonly results: AttemptResult[];
  readonly beats: Beat[];
  readonly spawned: SpawnRequest[];
  readonly lines: LogLine[];
  /** Starts one attempt; its key. */
  start(run: Run, rest?: Omit<ExecutionSpec, 'run'>, input?: Json): number;
  startAll(spec: ExecutionSpec, inputs: readonly Json[]): number[];
  ended(key: number): Promise<AttemptResult>;
  run(run: Run, rest?: Omit<ExecutionSpec, 'run'>, input?: Json): Promise<AttemptResult>;
  /** What one attempt has printed to one stream. */
  printed(key: number, stream?: string): string[];
  close(): Promise<void>;
}

const open = new Set<Rig>();
/** Also those of tests that have failed. */
afterAll(async () => {
  for (const rig of open) await rig.close();
});

export function openRig(
  options: Partial<ExecutorOptions> = {},
  asked?: ExecutorEvents['asked'],
): Rig {
  const workFolder = mkdtempSync(join(tmpdir(), 'fanfold-test-'));
  const told = {
    started: [],
    startedAt: new Map(),
    results: [],
    beats: [],
    spawned: [],
    lines: [],
  } as {
    started: number[];
    startedAt: Map<number, number>;
    results: AttemptResult[];
    beats: Beat[];
    spawned: SpawnRequest[];
    lines: LogLine[];
  };
  const waiting = new Map<number, (result: AttemptResult) => void>();
  const executor = createExecutor({
    workFolder,
    hostEnv: process.env,
    clock: { now: Date.now },
    blobs: { get: async () => undefined },
    logs: {
      append: async (lines) => {
        for (const line of lines) told.lines.push(line);
      },
      read: async () => ({ lines: [], next: '' }),
    },
    events: {
      started: (starts) => {
        for (const { key, at } of starts) {
          told.started.push(key);
          told.startedAt.set(key, at);
        }
      },
      ended: (results) => {
        for (const result of results) {
          told.results.push(result);
          waiting.get(result.key)?.(result);
        }
      },
      beats: (beats) => told.beats.push(...beats),
      spawned: (_, requests) => told.spawned.push(...requests),
      ...(asked && { asked }),
    },
    ...options,
  });
  let lastKey = 0;
  const startAll = (spec: ExecutionSpec, inputs: readonly Json[]) => {
    const executions = inputs.map((input) => {
      lastKey += 1;
      const task = `task-${lastKey}`;
      return { key: lastKey, run: 'run-1', workflow: 'flow', task, attempt: 1, spec, input };
    });
    executor.start(executions);
    return executions.map(({ key }) => key);
  };
  const ended = (key: number) =>
    new Promise<AttemptResult>((resolve) => {
      const result = told.results.find((known) => known.key === key);
      if (result === undefined) waiting.set(key, resolve);
      else resolve(result);
    });
  const start: Rig['start'] = (run, rest = {}, input = {}) =>
    startAll({ ...rest, run }, [input])[0] ?? 0;
  const rig: Rig = {
    executor,
    workFolder,
    ...told,
    start,
    startAll,
    ended,
    run: (run, rest, input) => ended(start(run, rest, input)),
    printed: (key, stream = 'stdout') =>
      told.lines
        .filter((line) => line.task === `task-${key}` && line.stream === stream)
        .map((line) => line.text),
    close: async () => {
      await executor.close();
      rmSync(workFolder, { recursive: true, force: true });
      open.delete(rig);
    },
  };
  open.add(rig);
  return rig;
}

/** Runs all, never more than there is room for. */
export async function fill(
  on: Rig,
  spec: ExecutionSpec,
  inputs: readonly Json[],
): Promise<AttemptResult[]> {
  const keys: number[] = [];
  while (keys.length < inputs.length) {
    const room = Math.min(on.executor.room(spec), inputs.length - keys.length);
    const now = inputs.slice(keys.length, keys.length + room);
    keys.push(...on.startAll(spec, now));
    await Promise.race(keys.slice(-Math.max(1, room)).map((key) => on.ended(key)));
  }
  return Promise.all(keys.map((key) => on.ended(key)));
}

/** Runs all, and what was handed back again. */
export async function runAll(
  on: Rig,
  spec: ExecutionSpec,
  inputs: readonly Json[],
): Promise<AttemptResult[]> {
  let results = await Promise.all(on.startAll(spec, inputs).map((key) => on.ended(key)));
  while (results.some(({ outcome }) => outcome === 'released')) {
    const again = results.map(async (result, index) => {
      if (result.outcome !== 'released') return result;
      const [key = 0] = on.startAll(spec, [inputs[index] ?? null]);
      return on.ended(key);
    });
    results = await Promise.all(again);
  }
  return results;
}

export const shell = (line: string): Run => ({ kind: 'shell', line });
export const node = (code: string, concurrency?: number): Run => ({
  kind: 'snippet',
  language: 'node',
  code,
  ...(concurrency === undefined ? {} : { concurrency }),
});
export const python = (code: string, concurrency?: number): Run => ({
  kind: 'snippet',
  language: 'python',
  code,
  ...(concurrency === undefined ? {} : { concurrency }),
});

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until `done` says so; fails after a time that only a fault can need. */
export async function until(done: () => boolean, ms = 240_000): Promise<void> {
  const end = Date.now() + ms;
  while (!done()) {
    if (Date.now() > end) throw new Error('it never came');
    await sleep(10);
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** The living processes whose environment or command line holds `text`. */
export function processesWith(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => !/\) Z /.test(read(`/proc/${pid}/stat`)))
    .filter((pid) => {
      const known = read(`/proc/${pid}/environ`) + read(`/proc/${pid}/cmdline`);
      return known.includes(text);
    })
    .map(Number);
}

/** The living children of a process, and theirs. */
export function descendants(root: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => [Number(pid), read(`/proc/${pid}/stat`)] as const)
    .filter(([, stat]) => stat !== '' && !/\) Z /.test(stat))
    .map(
      ([pid, stat]) => [pid, Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])] as const,
    );
  const found: number[] = [];
  for (let level = [root]; level.length > 0; ) {
    level = parents.filter(([, parent]) => level.includes(parent)).map(([pid]) => pid);
    found.push(...level);
  }
  return found;
}
