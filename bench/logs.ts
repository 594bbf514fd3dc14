/**
 * How soon a planted line is found: in one run of many tasks, and in many runs of one task each.
 *
 *   npm run bench -- logs [--tasks 10000] [--lines 10]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { monotonicFactory } from 'ulid';
import { openLogs } from '../src/adapters/embedded/logs.ts';
import { describeMachine, machineText } from './machine.ts';

const foundMsMax = 1_000;
const { values: options } = parseArgs({
  options: {
    tasks: { type: 'string', default: '10000' },
    lines: { type: 'string', default: '10' },
  },
});
const tasks = Number(options.tasks);
const lines = Number(options.lines);
const newId = monotonicFactory();

/** Prints, then looks; the files were written just now, so the system has them in memory. */
async function found(runOf: (task: number) => string): Promise<{ ms: number; calls: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'fanfold-bench-logs-'));
  const logs = openLogs(folder);
  const own = { attempt: 1, at: Date.now(), stream: 'stdout' } as const;
  const planted = Math.floor(tasks / 3);
  try {
    for (let task = 0; task < tasks; task++) {
      const of = { ...own, run: runOf(task), task: `t${task}` };
      const printed = Array.from({ length: lines }, (_, n) => ({ ...of, text: `line ${n} of it` }));
      await logs.append(task === planted ? [...printed, { ...of, text: 'planted' }] : printed);
    }
    const from = performance.now();
    let after: string | undefined;
    for (let calls = 1; ; calls++) {
      const query = { text: 'planted', limit: 1, ...(after !== undefined && { after }) };
      const page = await logs.search?.(query);
      if (page?.lines.length === 1) return { ms: performance.now() - from, calls };
      if (page?.next === undefined) throw new Error('the planted line was not found');
      after = page.next;
    }
  } finally {
    await logs.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

console.log(machineText(describeMachine()));
const one = newId();
for (const [name, runOf] of [
  [`one run of ${tasks} tasks`, () => one],
  [`${tasks} runs of one task`, () => newId()],
] as const) {
  const { ms, calls } = await found(runOf);
  const verdict = ms <= foundMsMax ? 'kept' : `missed by ${Math.round(ms - foundMsMax)} ms`;
  console.log(`${name}: ${Math.round(ms)} ms in ${calls} calls; aim ${foundMsMax} ms, ${verdict}`);
}
