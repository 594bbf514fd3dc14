import type { Control, Happening, Lost, Report } from '../contract/happening.ts';
import type { JsonObject } from '../contract/json.ts';
import { chunkOf, sourceOf } from '../core/progress.ts';
import type { Item } from '../ports/table.ts';
import { type Advanced, advance, type Cause, carryOut, type Decider } from './advance.ts';
import { advanceTogether } from './advance-together.ts';
import { fromData, type PackData, runOf, runPartition, sortKeys, sourceKey } from './items.ts';
import { readSpawn } from './load-run.ts';
import { mayPass } from './passing.ts';
import type { Stuck } from './stuck-runs.ts';

/**
 * Folds what the change feed brings, run by run, and does what follows. A run that can't be decided harms itself only:
 * it is handed back, the others go on. Throws when the batch must come again.
 */
export async function fanOut(decider: Decider, items: readonly Item[]): Promise<readonly Stuck[]> {
  const stuck: Stuck[] = [];
  const causes = await causesOf(decider, items, stuck);
  const together = await advanceTogether(decider, causes);
  const advanced: Advanced[] = [...together.values()];
  let retry: unknown;
  const work: Promise<void>[] = [];
  const advanceOne = async (run: string, cause: Cause): Promise<void> => {
    try {
      for (const done of await advanceSafely(decider, run, cause, stuck)) advanced.push(done);
    } catch (error) {
      retry = error;
    }
  };
  for (const [run, cause] of causes) if (!together.has(run)) work.push(advanceOne(run, cause));
  await Promise.all(work);
  await carryOutSafely(decider, advanced, stuck);
  if (retry !== undefined) throw retry;
  return stuck;
}

/** As `advance`; when it fails for good, each happening alone, so that a bad one harms itself only. */
export async function advanceSafely(
  decider: Decider,
  run: string,
  cause: Cause,
  stuck: Stuck[],
): Promise<readonly Advanced[]> {
  try {
    const done = await advance(decider, run, cause);
    return done ? [done] : [];
  } catch (error) {
    if (mayPass(error)) throw error;
    // Each less than what failed, or it would be tried for ever.
    const { happenings, begin, revive, ...rest } = cause;
    const parts = happenings.map((happening): Cause => ({ ...rest, happenings: [happening] }));
    if (happenings.length > 0 && (begin || revive)) parts.push({ ...cause, happenings: [] });
    if (parts.length <= 1) {
      stuck.push({ run, error });
      return [];
    }
    const advanced: Advanced[] = [];
    for (const part of parts) advanced.push(...(await advanceSafely(decider, run, part, stuck)));
    return advanced;
  }
}

/** As `carryOut`; when it fails for good, for each run alone. */
export async function carryOutSafely(
  decider: Decider,
  advanced: readonly Advanced[],
  stuck: Stuck[],
): Promise<void> {
  try {
    await carryOut(decider, advanced);
  } catch (error) {
    if (mayPass(error)) throw error;
    const [one] = advanced;
    if (one && advanced.length === 1) stuck.push({ run: one.run.meta.id, error });
    else for (const each of advanced) await carryOutSafely(decider, [each], stuck);
  }
}

type Causes = Map<string, { happenings: Happening[]; begin?: Item }>;

/** What items mean for which run. What a report rests on, spawns and the pack before, comes before it. */
export async function causesOf(
  decider: Decider,
  items: readonly Item[],
  stuck: Stuck[],
): Promise<ReadonlyMap<string, Cause>> {
  const causes: Causes = new Map();
  const seen = new Set<string>();
  for (const item of items) {
    try {
      await addItem(decider, causes, seen, item);
    } catch (error) {
      if (mayPass(error)) throw error;
      stuck.push({ run: runOf(item.partition), error });
    }
  }
  return causes;
}

async function addItem(
  decider: Decider,
  causes: Causes,
  seen: Set<string>,
  item: Item,
): Promise<void> {
  const name = `${item.partition}\n${item.sort}`;
  if (seen.has(name)) return;
  seen.add(name);
  const { sort } = item;
  if (sort === sortKeys.meta) causeOf(causes, runOf(item.partition)).begin = item;
  else if (sort.startsWith(sortKeys.pack) || sort.startsWith(sortKeys.mixedPack))
    await addPack(decider, causes, seen, item);
  else if (sort.startsWith(sortKeys.spawn)) {
    const spawn = await readSpawn(decider.ports, item);
    causeOf(causes, runOf(item.partition)).happenings.push({ kind: 'spawn', id: sort, spawn });
  } else if (sort.startsWith(sortKeys.lost)) {
    const lost = fromData<Lost>(item.data);
    causeOf(causes, runOf(item.partition)).happenings.push({ kind: 'lost', id: sort, lost });
  } else if (sort.startsWith(sortKeys.control)) {
    const control = fromData<Control>(item.data);
    causeOf(causes, runOf(item.partition)).happenings.push({ kind: 'control', id: sort, control });
  }
}

async function addPack(
  decider: Decider,
  causes: Causes,
  seen: Set<string>,
  item: Item,
): Promise<void> {
  const { namespace } = decider.settings;
  decider.outputs.learn(item);
  for (const row of fromData<PackData>(item.data).reports) {
    const report = row as unknown as Report & { readonly run?: string };
    const run = report.run ?? runOf(item.partition);
    for (const spawn of report.spawns ?? [])
      await addMissing(decider, causes, seen, runPartition(namespace, run), spawn);
    if (report.after && !isFolded(decider, run, report.after)) {
      const key = sourceKey(namespace, run, report.after.pack);
      await addMissing(decider, causes, seen, key.partition, key.sort);
    }
    causeOf(causes, run).happenings.push({ kind: 'report', id: item.sort, report });
  }
}

/** A chain's reports come one by one: what was folded and saved here is not read again, back to its first task. */
function isFolded(decider: Decider, id: string, after: NonNullable<Report['after']>): boolean {
  const progress = decider.runs.cached(id)?.progress;
  if (progress === undefined || after.task >= progress.graph.size) return false;
  return sourceOf(progress, after.task) === after.pack && !chunkOf(progress, after.task).dirty;
}

async function addMissing(
  decider: Decider,
  causes: Causes,
  seen: Set<string>,
  partition: string,
  sort: string,
): Promise<void> {
  if (seen.has(`${partition}\n${sort}`)) return;
  const item = await decider.ports.table.get({ partition, sort });
  if (item !== undefined) await addItem(decider, causes, seen, item);
}

function causeOf(causes: Causes, run: string): { happenings: Happening[]; begin?: Item } {
  let cause = causes.get(run);
  if (cause === undefined) {
    cause = { happenings: [] };
    causes.set(run, cause);
  }
  return cause;
}

export type MixedReport = JsonObject;
