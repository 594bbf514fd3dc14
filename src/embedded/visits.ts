/** Visits what has not moved, and tells of runs that cannot go on. */
import { Problem } from '../contract/problem.ts';
import type { Decider } from '../engine/advance.ts';
import { judgeDead } from '../engine/dead-letters.ts';
import { reasonOf, type Stuck } from '../engine/stuck-runs.ts';
import { sweepRunners, sweepRuns } from '../engine/sweep.ts';
import { limitSweep } from '../engine/sweep-limits.ts';
import { every } from './every.ts';

const sweepMs = 1_000;

/** What the process before left: its runner is gone, and so are the messages. */
export async function recover(decider: Decider, trouble: (message: string) => void): Promise<void> {
  await sweepRunners(decider, true);
  tellStuck(decider, (await sweepRuns(decider, true)).stuck, trouble);
}

/** Each run once, until it is stuck for another reason. */
export function tellStuck(
  decider: Decider,
  found: readonly Stuck[],
  trouble: (message: string) => void,
): void {
  for (const { run, error } of decider.stuck.note(found))
    trouble(`run ${run} is stuck: ${reasonOf(error)}${wayOut(run, error)}`);
}

/** Damage says itself what to do. Anything else is a bug: where it arose, on the same line. */
function wayOut(run: string, error: unknown): string {
  if (error instanceof Problem) return ' Then start again.';
  const place = error instanceof Error ? error.stack?.split('\n')[1]?.trim() : undefined;
  const where = place === undefined ? '' : ` (${place})`;
  return `${where}. All others go on; to give this one up: npx fanfold cancel ${run}`;
}

/** What visits mended: expected is nothing. */
export interface Mended {
  readonly lostWithRunners: number;
  readonly resent: number;
  readonly lost: number;
  readonly deadLetters: number;
}

export function sweeper(
  decider: Decider,
  trouble: (message: string) => void,
  hear: (mended: Mended) => void,
): () => Promise<void> {
  const limits = limitSweep(decider);
  return every(sweepMs, trouble, async () => {
    const lostWithRunners = await sweepRunners(decider);
    await limits();
    const { stuck, resent, lost } = await sweepRuns(decider);
    tellStuck(decider, stuck, trouble);
    const { letters } = await judgeDead(decider.ports, decider.settings);
    hear({ lostWithRunners, resent, lost, deadLetters: letters });
  });
}
