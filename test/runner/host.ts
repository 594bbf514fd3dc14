/** A server in small, to be killed: starts programs and calls that never end, and says when all of them run. */
import { createExecutor } from '../../src/runner/executor.ts';

const [workFolder = ''] = process.argv.slice(2);
const shells = ['sleep 5432', 'trap "" TERM; setsid sleep 5432 & while :; do sleep 1; done'];
const runs = [
  ...shells.map((line) => ({ kind: 'shell' as const, line })),
  { kind: 'snippet' as const, language: 'node' as const, code: 'for (;;);' },
  { kind: 'snippet' as const, language: 'python' as const, code: 'while True: pass' },
  { kind: 'snippet' as const, language: 'node' as const, code: 'await new Promise(() => {})' },
];
let started = 0;
const executor = createExecutor({
  workFolder,
  slots: 8,
  warmProcesses: 4,
  hostEnv: process.env,
  clock: { now: Date.now },
  blobs: { get: async () => undefined },
  logs: { append: async () => {}, read: async () => ({ lines: [], next: '' }) },
  events: {
    started: (starts) => {
      started += starts.length;
      if (started === runs.length) process.stdout.write('all started\n');
    },
    ended: () => {},
    beats: () => {},
    spawned: () => {},
  },
});
executor.start(
  runs.map((run, index) => ({
    key: index,
    run: 'run',
    workflow: 'flow',
    task: `task-${index}`,
    attempt: 1,
    spec: { run },
    input: {},
  })),
);
