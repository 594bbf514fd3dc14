import type { RunnerView } from '../contract/api.ts';
import type { Decider } from './advance.ts';
import { type Beating, heldBeats } from './held-beats.ts';

/** Those whose heartbeat counts still, by pool, those that began first on top. */
export async function listRunners(decider: Decider): Promise<readonly RunnerView[]> {
  const views = (await heldBeats(decider)).map(viewOf);
  return views.sort((a, b) => (a.pool === b.pool ? order(a.id, b.id) : order(a.pool, b.pool)));
}

const order = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

function viewOf({ id, beat }: Beating): RunnerView {
  const { pool, slots, holds, at, leaseUntil, counts } = beat;
  const common = { id, pool, slots, atWork: holds.length, at, leaseUntil };
  if (counts === undefined) return common;
  const [since, ended, servedMs] = counts;
  return { ...common, since, ended, servedMs };
}
