/** What the embedded server tells of itself. */
import { statfs } from 'node:fs/promises';
import { relative } from 'node:path';
import type { EmbeddedBlobs } from '../adapters/embedded/blobs.ts';
import type { Damage } from '../adapters/embedded/damage.ts';
import type { EmbeddedLogs } from '../adapters/embedded/logs.ts';
import type { Store } from '../adapters/embedded/store.ts';
import type { ServerView } from '../contract/server.ts';
import { isEnded } from '../contract/state.ts';
import type { Decider } from '../engine/advance.ts';
import type { Engine } from '../engine/engine.ts';

const listedMax = 100;

export interface Watched {
  readonly dataFolder: string;
  readonly version: string | undefined;
  readonly store: Pick<Store, 'damaged' | 'check'>;
  readonly logs: Pick<EmbeddedLogs, 'damaged' | 'check'>;
  readonly blobs: Pick<EmbeddedBlobs, 'check'>;
  readonly decider: Pick<Decider, 'stuck' | 'ports'>;
  readonly engine: Pick<Engine, 'runs' | 'run' | 'runners'>;
}

export interface ServerViews {
  /** What is known. */
  look(): Promise<ServerView>;
  /** Reads all that is stored, and each run that has not ended. Nothing else is served meanwhile. */
  check(): Promise<ServerView>;
}

export function createServerViews(watched: Watched): ServerViews {
  const { dataFolder, version, store, logs, blobs, decider } = watched;
  const view = async (damages: readonly Damage[], isWhole: boolean): Promise<ServerView> => {
    const { bavail, blocks, bsize } = await statfs(dataFolder);
    return {
      ...(version !== undefined && { version }),
      node: process.versions.node,
      at: decider.ports.clock.now(),
      disk: { freeBytes: bavail * bsize, totalBytes: blocks * bsize },
      stuck: decider.stuck.all().slice(0, listedMax),
      damaged: damages
        .slice(0, listedMax)
        .map(({ file, ...rest }) => ({ ...rest, file: relative(dataFolder, file) })),
      isWhole,
    };
  };
  return {
    look: () => view([...store.damaged(), ...logs.damaged()], false),
    async check() {
      const damages = [...(await store.check()), ...(await logs.check()), ...(await blobs.check())];
      await readOpenRuns(watched);
      return view(damages, true);
    },
  };
}

/** A run that cannot be read cannot go on either. */
async function readOpenRuns({ engine, decider }: Watched): Promise<void> {
  for (let after: string | undefined; ; ) {
    const page = await engine.runs({ limit: 1000, ...(after !== undefined && { after }) });
    for (const { id, state } of page.items) {
      if (isEnded(state)) continue;
      await engine.run(id).catch((error: unknown) => void decider.stuck.note([{ run: id, error }]));
    }
    if (page.next === null) return;
    after = page.next;
  }
}
