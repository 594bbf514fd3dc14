/** Runs one workflow in a process of its own, and prints how many tasks a second that were. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Run } from '../../src/contract/workflow.ts';
import { inProcess } from '../speed/fanfold.ts';
import { independent } from '../speed/workflows.ts';

export interface Order {
  readonly run: Run;
  readonly folder: string;
  readonly tasks: number;
  /** How many at a time; 0 leaves it to the machine. */
  readonly slots: number;
}

const order = JSON.parse(process.argv[2] ?? '') as Order;
const dataFolder = mkdtempSync(join(tmpdir(), 'fanfold-bench-'));
const figure = await rate(order);
rmSync(dataFolder, { recursive: true, force: true });
console.log(figure);

async function rate({ run, folder, tasks, slots }: Order): Promise<number> {
  const fanfold = await inProcess(dataFolder, slots > 0 ? { slots } : {});
  const all = async (n: number): Promise<void> => {
    const request = { workflow: independent(n, { run }), code: { folder } };
    const { run: summary } = await fanfold.submit(request);
    const { state, reason } = await fanfold.end(summary.id, 600_000);
    if (state !== 'succeeded') throw new Error(`the run ended as ${state}: ${reason}`);
  };
  await all(Math.ceil(tasks / 12));
  const begin = performance.now();
  await all(tasks);
  const perSecond = (tasks / (performance.now() - begin)) * 1000;
  await fanfold.close();
  return perSecond;
}
