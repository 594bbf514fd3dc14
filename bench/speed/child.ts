/**
 * Measures one workload once, in this process alone. The first line of stdout says that submitting begins, the last one
 * is what was measured.
 *
 *   node bench/speed/child.ts WORKLOAD FOLDER          measures
 *   node bench/speed/child.ts WORKLOAD FOLDER recover  goes on with what a killed one left, to its end
 */
import { isEnded } from '../../src/contract/state.ts';
import { memoryOf } from '../machine.ts';
import { type Measured, rounded } from '../row.ts';
import { inProcess, overHttp, type UnderTest } from './fanfold.ts';
import { call, chain, code, fan, independent, program, type Shape, taskName } from './workflows.ts';
import { type Workload, workloads } from './workload.ts';

const forever = 600_000;
const [at = '0', folder = '', mode] = process.argv.slice(2);
const workload = workloads[Number(at)] as Workload;

const shapeOf = ({ kind, large }: Workload): Shape => {
  if (kind === 'programs') return { run: program };
  if (kind === 'chain') return { run: call('now') };
  return large ? { run: call('large'), large } : { run: call('nothing') };
};
const shape = shapeOf(workload);
const param = (name: string): number => Number(workload.params[name]);

async function open(): Promise<UnderTest> {
  if (workload.http) return overHttp(folder);
  return inProcess(folder, {
    ...(workload.decided && { decided: true }),
    ...(workload.kind === 'programs' && { slots: param('concurrency') }),
  });
}

async function runToEnd(fanfold: UnderTest, workflow: ReturnType<typeof fan>): Promise<string> {
  const { run } = await fanfold.submit({ workflow, code });
  const { state, reason } = await fanfold.end(run.id, forever);
  if (state !== 'succeeded') throw new Error(`the run ended as ${state}: ${reason}`);
  return run.id;
}

const batch = 1000;

async function submitAll(fanfold: UnderTest, n: number): Promise<string[]> {
  const workflow = independent(1, shape.large ? { run: shape.run } : shape);
  const input = shape.large ? { value: 'x'.repeat(1010) } : {};
  const ids: string[] = [];
  for (let from = 0; from < n; from += batch) {
    const runs = Array.from({ length: Math.min(batch, n - from) }, () => ({ input }));
    ids.push(...(await fanfold.submitMany({ workflow, code, runs })).ids);
  }
  return ids;
}

/** When the last of them ended, as each run says, or when the last one's end was told, whichever is later. */
async function allEnded(fanfold: UnderTest, ids: readonly string[]): Promise<number> {
  await fanfold.end(ids.at(-1) as string, forever);
  let last = Date.now();
  for (let from = 0; from < ids.length; from += 64) {
    const ends = ids.slice(from, from + 64).map((id) => fanfold.end(id, forever));
    for (const { id, state, endedAt } of await Promise.all(ends)) {
      if (state !== 'succeeded') throw new Error(`run ${id} is ${state}`);
      last = Math.max(last, endedAt ?? 0);
    }
  }
  return last;
}

async function manyRuns(fanfold: UnderTest, n: number): Promise<Measured> {
  const begin = Date.now();
  const ids = await submitAll(fanfold, n);
  const submitted = (Date.now() - begin) / 1000;
  await fanfold.end(ids.at(-1) as string, forever);
  const rssMb = memoryOf(process.pid);
  const seconds = ((await allEnded(fanfold, ids)) - begin) / 1000;
  return { seconds, tasks: n, rssMb, extra: { submit_s: submitted } };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return (performance.now() - begin) / 1000;
}

async function fans(fanfold: UnderTest): Promise<Measured> {
  const workflow = fan(param('fan'), shape);
  const latenciesMs: number[] = [];
  for (let i = 0; i < param('runs'); i++)
    latenciesMs.push((await timed(() => runToEnd(fanfold, workflow))) * 1000);
  const seconds = latenciesMs.reduce((sum, ms) => sum + ms, 0) / 1000;
  return { seconds, tasks: param('runs') * workflow.tasks.length, latenciesMs };
}

async function fansAtOnce(fanfold: UnderTest): Promise<Measured> {
  const workflow = fan(param('fan'), shape);
  const runs = Array.from({ length: param('runs') }, () => ({}));
  const seconds = await timed(async () => {
    const { ids } = await fanfold.submitMany({ workflow, code, runs });
    await Promise.all(ids.map((id) => fanfold.end(id, forever)));
  });
  return { seconds, tasks: param('runs') * workflow.tasks.length };
}

/** A hop: from the start of a task's body to the start of the next one's. */
async function chains(fanfold: UnderTest): Promise<Measured> {
  const workflow = chain(param('len'), shape);
  const latenciesMs: number[] = [];
  let seconds = 0;
  for (let i = 0; i < param('chains'); i++) {
    let id = '';
    seconds += await timed(async () => {
      id = await runToEnd(fanfold, workflow);
    });
    const starts: number[] = [];
    for (let n = 0; n < param('len'); n++)
      starts.push(Number((await fanfold.task(id, taskName(n))).output));
    for (let n = 1; n < starts.length; n++)
      latenciesMs.push((starts[n] as number) - (starts[n - 1] as number));
  }
  return { seconds, tasks: param('len') * param('chains'), latenciesMs };
}

async function oneRun(fanfold: UnderTest): Promise<Measured> {
  const workflow = independent(param('n'), shape);
  return { seconds: await timed(() => runToEnd(fanfold, workflow)), tasks: param('n') };
}

/** As much as the peers' harnesses do before they measure. */
async function warmUp(fanfold: UnderTest): Promise<void> {
  const { kind } = workload;
  if (kind === 'programs') await runToEnd(fanfold, independent(20, shape));
  else if (kind === 'many-runs') await manyRuns(fanfold, 5000);
  else await runToEnd(fanfold, independent(5000, shape));
  if (kind === 'chain') await runToEnd(fanfold, chain(param('len'), shape));
}

function measure(fanfold: UnderTest): Promise<Measured> {
  switch (workload.kind) {
    case 'one-run':
    case 'programs':
      return oneRun(fanfold);
    case 'many-runs':
      return manyRuns(fanfold, param('n'));
    case 'fan':
      return fans(fanfold);
    case 'fan-at-once':
      return fansAtOnce(fanfold);
    case 'chain':
      return chains(fanfold);
  }
}

async function recover(fanfold: UnderTest): Promise<void> {
  for (;;) {
    const open = (await fanfold.runs({ limit: 1000, state: 'running' })).items;
    if (open.length === 0) return;
    for (const { id } of open) {
      const { state } = await fanfold.end(id, forever);
      if (!isEnded(state)) throw new Error(`run ${id} does not end`);
    }
  }
}

const fanfold = await open();
if (mode === 'recover') await recover(fanfold);
else {
  await warmUp(fanfold);
  process.stdout.write('begin\n');
  const before = process.cpuUsage();
  const measured = await measure(fanfold);
  const { user, system } = process.cpuUsage(before);
  const own = rounded((user + system) / measured.tasks);
  const rssMb = measured.rssMb ?? memoryOf(process.pid);
  const extra = { ...measured.extra, server_us_per_task: own };
  process.stdout.write(`${JSON.stringify({ ...measured, rssMb, extra })}\n`);
}
await fanfold.close();
