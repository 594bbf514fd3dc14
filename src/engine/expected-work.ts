import type { KnownWork } from '../core/capacity.ts';
import { comingLevels, type RunningTasks } from '../core/known-work.ts';
import type { Decider } from './advance.ts';
import type { Beating } from './held-beats.ts';
import { fromData, type Meta, metaKey } from './items.ts';

/** Of so many runs, those with the most tasks at work, it is known what will come. */
const runsMax = 20;
/** Larger runs are not read for it: their progress is more than a forecast is worth. */
const tasksMax = 20_000;

/** What will come to these pools when what runs now has ended, by pool. */
export async function expectedWork(
  decider: Decider,
  beating: readonly Beating[],
  pools: ReadonlySet<string>,
  meanMs: (pool: string) => number,
): Promise<ReadonlyMap<string, readonly KnownWork[]>> {
  const now = decider.ports.clock.now();
  const found = new Map<string, KnownWork[]>();
  for (const [id, running] of await worthReading(decider, runningByRun(beating))) {
    // A forecast is no reason not to decide: of what cannot be read nothing is known to come.
    const run = await decider.runs.look(id, true).catch(() => undefined);
    const levels = run ? comingLevels(run.progress, running, meanMs, now) : [];
    for (const { pool, at, tasks } of levels)
      if (pools.has(pool)) found.set(pool, [...(found.get(pool) ?? []), { at, tasks }]);
  }
  return found;
}

type Running = readonly [run: string, tasks: RunningTasks];

async function worthReading(
  { ports, settings }: Decider,
  byRun: ReadonlyMap<string, RunningTasks>,
): Promise<readonly Running[]> {
  const busiest = [...byRun].sort(([, a], [, b]) => b.size - a.size).slice(0, runsMax);
  const keys = busiest.map(([run]) => metaKey(settings.namespace, run));
  const metas = await ports.table.getMany(keys);
  return busiest.filter((_, i) => {
    const meta = metas[i] && fromData<Meta>(metas[i].data);
    return meta?.state === 'running' && meta.tasks <= tasksMax;
  });
}

function runningByRun(beating: readonly Beating[]): ReadonlyMap<string, RunningTasks> {
  const runs = new Map<string, Map<number, number>>();
  for (const { beat } of beating)
    for (const [run, task, , since] of beat.holds) {
      const tasks = runs.get(run) ?? new Map<number, number>();
      runs.set(run, tasks.set(task, since));
    }
  return runs;
}
