import type { Ports } from '../ports/ports.ts';
import type { Key } from '../ports/table.ts';
import { metaKey, progressKey } from './items.ts';
import type { LoadedRun } from './loaded-run.ts';
import type { EngineSettings } from './settings.ts';

/**
 * Whether another decider changed any of these chunks, or resumed a paused run, since they were read here. Of two
 * deciders that each saved their own chunk, and then look at the other's, at least one sees both.
 */
export async function overtaken(
  ports: Pick<Ports, 'table'>,
  settings: EngineSettings,
  run: LoadedRun,
  consulted: ReadonlySet<number>,
): Promise<boolean> {
  const { meta, progress } = run;
  if (settings.soleDecider || (meta.small && progress.chunks.length === 1)) return false;
  const keys: Key[] = [];
  const versions: number[] = [];
  // What a resume found ready it had sent; what this decision held back for the pause is nobody's.
  if (progress.head.state === 'paused' || (meta.small && consulted.has(0))) {
    keys.push(metaKey(settings.namespace, meta.id));
    versions.push(run.metaVersion);
  }
  for (const n of consulted) {
    const chunk = progress.chunks[n];
    if (chunk === undefined || (meta.small && n === 0)) continue;
    keys.push(progressKey(settings.namespace, meta.id, n));
    versions.push(chunk.version);
  }
  if (keys.length === 0) return false;
  const items = await ports.table.getMany(keys);
  return versions.some((version, i) => (items[i]?.version ?? 0) !== version);
}
