import type { ClaimRow } from '../core/claim.ts';
import type { Item } from '../ports/table.ts';
import type { Decider } from './advance.ts';
import { claimedTask, claimKey, claimPlace, runPartition, sortKeys } from './items.ts';
import type { LoadedRun } from './loaded-run.ts';
import { pagesOf } from './pages.ts';

export interface ClaimOf {
  readonly attempt: number;
  readonly owner: string;
  readonly at: number;
  /** It was not claimed before, and so not reported. */
  readonly since: number;
}

/** Standing claims by task: all, or one owner's. */
export async function claimsOf(
  { ports, settings }: Decider,
  run: LoadedRun,
  only?: string,
): Promise<ReadonlyMap<number, ClaimOf>> {
  const claims = new Map<number, ClaimOf>();
  const { namespace } = settings;
  const { id } = run.meta;
  const firsts = await ports.table.get(claimKey(namespace, id, 0));
  const mine = claimPlace(id, 0);
  if (firsts) addClaims(claims, firsts, only, (place) => (place === mine ? 0 : undefined));
  const partition = runPartition(namespace, id);
  const range = { partition, from: sortKeys.claim, to: `${sortKeys.claim}~` };
  for await (const items of pagesOf(ports.table, range))
    for (const item of items) addClaims(claims, item, only, (place) => claimedTask(item, place));
  return claims;
}

function addClaims(
  claims: Map<number, ClaimOf>,
  item: Item,
  only: string | undefined,
  taskAt: (place: number) => number | undefined,
): void {
  for (const [owner, , at, tasks, since = at] of item.data.claims as unknown as readonly ClaimRow[])
    for (const [place, attempt] of only === undefined || only === owner ? tasks : []) {
      const task = taskAt(place);
      if (task !== undefined) claims.set(task, { attempt, owner, at, since });
    }
}
