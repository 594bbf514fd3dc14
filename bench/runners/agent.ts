/** An executor alone: after a call and some programs, prints how many MB its process takes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Run } from '../../src/contract/workflow.ts';
import { createExecutor } from '../../src/runner/executor.ts';
import { memoryOf } from '../machine.ts';

const workFolder = mkdtempSync(join(tmpdir(), 'fanfold-bench-'));
const runs: Run[] = [
  { kind: 'snippet', language: 'node', code: 'return 1' },
  ...Array.from({ length: 20 }, () => ({ kind: 'command' as const, argv: ['/bin/true'] })),
];
let left = runs.length;
let done = (): void => {};
const ended = new Promise<void>((resolve) => {
  done = resolve;
});
const executor = createExecutor({
  workFolder,
  blobs: { get: async () => undefined },
  logs: { append: async () => {}, read: async () => ({ lines: [], next: '' }) },
  clock: { now: Date.now },
  hostEnv: process.env,
  events: {
    started: () => {},
    ended: (results) => {
      left -= results.length;
      if (left === 0) done();
    },
    beats: () => {},
    spawned: () => {},
  },
});
executor.start(
  runs.map((run, key) => {
    const names = { run: 'run', workflow: 'flow', task: `t${key}`, attempt: 1 };
    return { key, ...names, spec: { run }, input: {} };
  }),
);
await ended;
const own = process.memoryUsage().rss / (1 << 20);
console.error(`with launchers and a warm Node process: ${memoryOf(process.pid).toFixed(0)} MB`);
console.log(own);
await executor.close();
rmSync(workFolder, { recursive: true, force: true });
