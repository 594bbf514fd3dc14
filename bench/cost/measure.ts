import { setTimeout as sleep } from 'node:timers/promises';
import { parseSettings } from '../../infra/settings.ts';
import { isEnded } from '../../src/contract/state.ts';
import type { Delivery, Workflow } from '../../src/contract/workflow.ts';
import { compile } from '../../src/core/dag.ts';
import { fromData, type Meta, metaKey } from '../../src/engine/items.ts';
import { type Deployment, deploy } from './deployment.ts';
import type { Shape } from './peers.ts';
import { type Components, type Counted, priced, sumOf } from './prices.ts';
import type { Substrate } from './substrate.ts';
import type { Workload } from './workloads.ts';

export interface CostRow {
  readonly workload: string;
  readonly delivery: Delivery;
  readonly tasks: number;
  readonly seconds: number;
  readonly usdPerMillion: number;
  /** Dollars a million tasks by component. */
  readonly components: Components;
  readonly counted: Counted;
  readonly requests: Readonly<Record<string, number>>;
  readonly shape: Shape;
  readonly aim: number | undefined;
  /** Runs that did not succeed, and troubles on the way: none are expected. */
  readonly failed: number;
  readonly troubles: readonly string[];
}

/** As many as work on one shard by the stacks' default settings. */
const { decidersPerShard: deciders } = parseSettings({});
const runners = 16;
const slots = 64;
/** Tasks of a second last a tenth more or less, so that their ends do not come together. */
const jitter = 0.1;
const runsPerRequest = 100;
/** When the sweep has looked at each run once. */
const sweptAfterMs = 6 * 60_000;

export async function measure(
  open: (onTrouble: (error: unknown) => void) => Promise<Substrate>,
  workload: Workload,
  delivery: Delivery,
): Promise<CostRow> {
  const troubles: string[] = [];
  const { seconds, output } = workload;
  let random = 1;
  const onTrouble = (error: unknown) => troubles.push(String(error));
  const deployment = deploy({
    substrate: await open(onTrouble),
    deciders,
    runners,
    slots,
    output,
    seconds: () => {
      random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
      return seconds * (1 + jitter * (random / 2 ** 31 - 1));
    },
    onTrouble,
  });
  try {
    const workflow = workload.workflow(delivery);
    const began = Date.now();
    const ids = await submit(deployment, workload, workflow);
    const failed = await ended(deployment, ids);
    const lasted = (Date.now() - began) / 1000;
    await deployment.quiet();
    await deployment.sweepLater(sweptAfterMs);
    const { counted, requests } = deployment.meter;
    const tasks = workflow.tasks.length * workload.runs;
    const million = 1e6 / tasks;
    const components = Object.fromEntries(
      Object.entries(priced(counted)).map(([name, dollars]) => [name, dollars * million]),
    );
    return {
      workload: workload.name,
      delivery,
      tasks,
      seconds: lasted,
      usdPerMillion: sumOf(components),
      components,
      counted,
      requests: Object.fromEntries(requests),
      shape: shapeOf(workflow),
      aim: workload.aims[delivery],
      failed,
      troubles,
    };
  } finally {
    await deployment.close();
  }
}

async function submit(
  { engine, meter }: Deployment,
  { runs, runsPerSecond }: Workload,
  workflow: Workflow,
): Promise<readonly string[]> {
  const all: string[] = [];
  const request = async (count: number): Promise<void> => {
    meter.asked();
    const { ids } = await engine.submitMany({
      workflow,
      runs: Array.from({ length: count }, () => ({})),
    });
    all.push(...ids);
  };
  for (let left = runs; left > 0; ) {
    const count = runsPerSecond === undefined ? Math.min(left, runsPerRequest) : 1;
    await request(count);
    left -= count;
    if (runsPerSecond !== undefined) await sleep(1000 / runsPerSecond);
  }
  return all;
}

/** Waits for all; returns how many did not succeed. */
async function ended({ looker }: Deployment, ids: readonly string[]): Promise<number> {
  const { ports, settings } = looker;
  let open = ids;
  let failed = 0;
  while (open.length > 0) {
    const batch = open.slice(0, 1000);
    const items = await ports.table.getMany(batch.map((id) => metaKey(settings.namespace, id)));
    const metas = items.map((item) => item && fromData<Meta>(item.data));
    const still = batch.filter((_, i) => !isEnded(metas[i]?.state ?? 'running'));
    failed += metas.filter(
      (meta) => meta && isEnded(meta.state) && meta.state !== 'succeeded',
    ).length;
    open = [...still, ...open.slice(batch.length)];
    if (still.length > 0) await sleep(500);
  }
  return failed;
}

function shapeOf({ tasks }: Workflow): Shape {
  const compiled = compile(tasks);
  if (compiled.kind !== 'dag') throw new Error('the workload does not compile');
  const { dag } = compiled;
  const widths = new Array<number>(dag.levels).fill(0);
  for (const level of dag.level) widths[level] = (widths[level] ?? 0) + 1;
  const edges = tasks.reduce((sum, { needs = [] }) => sum + needs.length, 0);
  // Independent tasks are started one by one where there are no runs of many.
  const apart = edges === 0;
  return {
    tasks: apart ? 1 : tasks.length,
    edges: apart ? 0 : edges,
    levels: dag.levels,
    width: apart ? 1 : Math.max(...widths),
    single: apart,
  };
}
