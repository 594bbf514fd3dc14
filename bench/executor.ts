/**
 * What the executor alone can do: calls of a function that does nothing, one lone call's round trip, and programs
 * that do nothing, beside a bare loop that only spawns them.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AttemptResult, ExecutionSpec, Executor } from '../src/contract/execution.ts';
import { createExecutor } from '../src/runner/executor.ts';

const CALLS = 300_000;
const LONE = 3000;
const PROGRAMS = 1500;

let onEnded: (results: readonly AttemptResult[]) => void = () => {};
let lastKey = 0;

function execution(spec: ExecutionSpec) {
  lastKey += 1;
  return { key: lastKey, run: 'run', workflow: 'bench', task: 'task', attempt: 1, spec, input: {} };
}

function open(): { executor: Executor; close(): Promise<void> } {
  const workFolder = mkdtempSync(join(tmpdir(), 'bench-'));
  const executor = createExecutor({
    workFolder,
    blobs: { get: async () => undefined },
    logs: { append: async () => {}, read: async () => ({ lines: [], next: '' }) },
    clock: { now: Date.now },
    hostEnv: process.env,
    events: {
      started: () => {},
      ended: (results) => onEnded(results),
      beats: () => {},
      spawned: () => {},
    },
  });
  const close = async () => {
    await executor.close();
    rmSync(workFolder, { recursive: true, force: true });
  };
  return { executor, close };
}

/** Runs `total` executions, always as many at a time as there is room for. */
function runAll(executor: Executor, spec: ExecutionSpec, total: number): Promise<void> {
  return new Promise((resolve) => {
    let begun = 0;
    let ended = 0;
    const fill = () => {
      const room = Math.min(executor.room(spec), total - begun);
      if (room <= 0) return;
      begun += room;
      executor.start(Array.from({ length: room }, () => execution(spec)));
    };
    onEnded = (results) => {
      for (const { outcome, error } of results) {
        if (outcome === 'succeeded') ended += 1;
        else if (outcome === 'released') begun -= 1;
        else throw new Error(error?.message ?? outcome);
      }
      if (ended === total) resolve();
      else fill();
    };
    fill();
  });
}

async function rate(name: string, total: number, work: () => Promise<void>): Promise<void> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await work();
  const ms = performance.now() - start;
  const used = process.cpuUsage(cpu);
  const own = (used.user + used.system) / total;
  const rounded = Math.round((total / ms) * 1000);
  console.log(`${name}: ${rounded}/s, ${own.toFixed(2)} µs of this process each`);
}

/** In a process of its own, so that it is as small as can be: starting a program costs more from a large one. */
const bareLoop = `
  const { spawn } = require('node:child_process');
  const total = ${PROGRAMS};
  let begun = 0;
  let ended = 0;
  const start = performance.now();
  const next = () => {
    if (begun++ >= total) return;
    spawn('/bin/true', [], { stdio: 'ignore' }).on('exit', () => {
      ended += 1;
      if (ended === total) console.log(Math.round((total / (performance.now() - start)) * 1000));
      else next();
    });
  };
  for (let i = 0; i < 4; i++) next();`;

async function lone(executor: Executor, spec: ExecutionSpec): Promise<void> {
  const times: number[] = [];
  for (let i = 0; i < LONE; i++) {
    const start = performance.now();
    await new Promise<void>((resolve) => {
      onEnded = () => resolve();
      executor.start([execution(spec)]);
    });
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const at = (part: number) => (times[Math.floor(times.length * part)] ?? 0).toFixed(3);
  console.log(`lone ${spec.run.kind} call: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`);
}

const languages = process.argv.slice(2);
const { executor, close } = open();
for (const language of ['node', 'python'] as const) {
  if (languages.length > 0 && !languages.includes(language)) continue;

  const spec: ExecutionSpec = { run: { kind: 'snippet', language, code: 'return input' } };
  await runAll(executor, spec, 2000);
  for (let i = 0; i < 3; i++) {
    await rate(`warm ${language} calls`, CALLS, () => runAll(executor, spec, CALLS));
  }
  await lone(executor, spec);
}
const program: ExecutionSpec = { run: { kind: 'command', argv: ['/bin/true'] } };
await runAll(executor, program, 100);
for (let i = 0; i < 2; i++) {
  const bare = execFileSync(process.execPath, ['-e', bareLoop], { encoding: 'utf8' });
  console.log(`/bin/true in a bare loop, 4 at a time: ${bare.trim()}/s`);
  await rate('/bin/true by the executor', PROGRAMS, () => runAll(executor, program, PROGRAMS));
}
await close();
