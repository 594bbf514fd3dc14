import type { Item } from '../ports/table.ts';
import type { Advanced, Decider } from './advance.ts';
import { advanceSafely, carryOutSafely, causesOf } from './fan-out.ts';
import { fromData, type PackData, runnerPartition, sortKeys } from './items.ts';
import type { AttemptName } from './lost.ts';
import { pagesOf } from './pages.ts';
import type { Stuck } from './stuck-runs.ts';

const pageMax = 20;

/**
 * Of attempts that nobody answers for any more, those that their runner did not report either. What it did report in
 * packs of several runs is folded: a run knows of such a pack by the feed alone, and that may have lost it. `since`: when
 * these attempts were not reported yet.
 */
export async function unreported(
  decider: Decider,
  owner: string,
  since: number,
  attempts: readonly AttemptName[],
  stuck: Stuck[],
): Promise<readonly AttemptName[]> {
  const open = new Map(attempts.map((attempt) => [nameOf(attempt), attempt]));
  const packs = await packsWith(decider, owner, since, open);
  if (packs.length === 0) return attempts;
  const runs = new Set(attempts.map(({ run }) => run));
  const advanced: Advanced[] = [];
  for (const [run, cause] of await causesOf(decider, packs, stuck))
    if (runs.has(run)) advanced.push(...(await advanceSafely(decider, run, cause, stuck)));
  await carryOutSafely(decider, advanced, stuck);
  return [...open.values()];
}

/** A runner's mixed packs with any of these, oldest first. Takes out of `open` what it finds. */
async function packsWith(
  { ports, settings }: Decider,
  owner: string,
  since: number,
  open: Map<string, AttemptName>,
): Promise<readonly Item[]> {
  const packs: Item[] = [];
  const range = {
    partition: runnerPartition(settings.namespace, owner),
    from: sortKeys.mixedPack,
    to: `${sortKeys.mixedPack}~`,
    reverse: true,
    limit: pageMax,
  };
  for await (const items of pagesOf(ports.table, range)) {
    for (const item of items) {
      const { at = since, reports } = fromData<PackData>(item.data);
      if (open.size === 0 || at < since) return packs.reverse();
      const found = reports.filter((row) => open.delete(nameOf(row as unknown as AttemptName)));
      if (found.length > 0) packs.push(item);
    }
  }
  return packs.reverse();
}

const nameOf = ({ run, task, attempt }: AttemptName): string => `${run}#${task}#${attempt}`;
