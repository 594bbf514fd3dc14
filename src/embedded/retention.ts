import type { EmbeddedBlobs } from '../adapters/embedded/blobs.ts';
import type { EmbeddedLogs } from '../adapters/embedded/logs.ts';
import type { Store } from '../adapters/embedded/store.ts';
import { systemClock } from '../adapters/system.ts';
import type { Decider } from '../engine/advance.ts';
import { createParts } from '../engine/archive-part.ts';
import { archiveRuns } from '../engine/archive-runs.ts';
import { renewPackages } from '../engine/packages.ts';
import { blobMs } from '../engine/retention.ts';
import type { Retention } from '../engine/settings.ts';
import { reasonOf } from '../engine/stuck-runs.ts';
import { every } from './every.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** As long as most people look back: until then a run is read from the table, and can be run again. */
const archiveMs = 7 * dayMs;

const purgeMs = 60_000;
const purgeItems = 1_000;
const archiveEveryMs = 600_000;

/** What `keepDays` asks for. Messages are in this process's memory, and die with it. */
export function retentionOf(keepDays: number): Retention {
  const all = keepDays * dayMs;
  const first = Math.min(archiveMs, all / 2);
  return { archiveMs: first, lingerMs: hourMs, itemsMs: hourMs, keepMs: all - first };
}

export interface Kept {
  readonly store: Store;
  readonly blobs: EmbeddedBlobs;
  readonly logs: EmbeddedLogs;
  readonly decider: Decider;
}

/** Archives what ended long ago, and removes what nobody can ask for any more. Returns how to stop. */
export function startKeeping(
  kept: Kept,
  trouble: (message: string) => void,
): readonly (() => Promise<void>)[] {
  const { store, decider } = kept;
  const purge = every(purgeMs, trouble, async () => {
    // A few at a time: meanwhile nothing else is stored.
    while ((await store.purge(systemClock.now(), purgeItems)) === purgeItems);
  });
  const { retention } = decider.settings;
  if (retention === undefined) return [purge];
  const parts = createParts(decider.ports.blobs);
  const archive = every(archiveEveryMs, trouble, async () => {
    const { stuck } = await archiveRuns(decider, parts);
    for (const { run, error } of decider.stuck.note(stuck))
      trouble(`run ${run} cannot be archived: ${reasonOf(error)}`);
  });
  const files = every(hourMs, trouble, async () => {
    await renewPackages(decider.ports, decider.settings);
    await removeFiles(kept, retention, systemClock.now());
  });
  return [purge, archive, files];
}

/** Of blobs and logs nothing says how long they are needed, but their age does. */
export async function removeFiles(
  { blobs, logs }: Pick<Kept, 'blobs' | 'logs'>,
  retention: Retention,
  now: number,
): Promise<void> {
  const before = now - blobMs(retention);
  await blobs.removeBefore(before);
  await logs.removeBefore(before);
}
