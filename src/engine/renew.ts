import type { Report } from '../contract/happening.ts';
import { Problem } from '../contract/problem.ts';
import type { Blobs } from '../ports/blobs.ts';
import type { Item, Put } from '../ports/table.ts';
import type { Decider } from './advance.ts';
import { ownItems } from './copy-run.ts';
import { claimKey, runPartition, sortKeys, sourceKey } from './items.ts';
import { artifactsIn } from './left-artifacts.ts';
import type { LoadedRun } from './loaded-run.ts';
import { looseExpiry, renewMs } from './retention.ts';

/** Blobs that are renewed at a time: a large run names so many that one after the other takes longer than a sweep may. */
const renewsMax = 32;

/** Writes again what an open run rests on and would vanish one day, when that is due. Answers with when it was done. */
export async function renew(decider: Decider, run: LoadedRun): Promise<number | undefined> {
  const { ports, settings } = decider;
  const { retention } = settings;
  const now = ports.clock.now();
  const { renewedAt = run.meta.createdAt } = run.meta;
  if (retention === undefined || now - renewedAt < renewMs(retention)) return undefined;
  const blobs = new Set([run.meta.hash]);
  const expiry = looseExpiry(retention, now);
  const again: Put[] = [];
  const lists: ArtifactList[] = [];
  const look = (item: Item): void => {
    lists.push(...listsIn(item));
    for (const [, hash] of JSON.stringify(item.data).matchAll(blobPattern))
      blobs.add(hash as string);
    if (item.expiresAt === undefined) return;
    const next = { ...item, ...expiry, version: item.version + 1 };
    // Refused: somebody else has just written it.
    again.push({ item: next, condition: { version: item.version } });
  };
  const partition = runPartition(settings.namespace, run.meta.id);
  for await (const item of ownItems(ports, { partition })) look(item);
  const { namespace } = settings;
  const { id } = run.meta;
  const elsewhere = [...mixedSources(run)].map((source) => sourceKey(namespace, id, source));
  for (const key of [claimKey(namespace, id, 0), ...elsewhere]) {
    const item = await ports.table.get(key);
    if (item !== undefined) look(item);
  }
  if (again.length > 0) await ports.table.putMany(again);
  for (const list of lists) for (const hash of await named(ports.blobs, list)) blobs.add(hash);
  const hashes = [...blobs];
  for (let at = 0; at < hashes.length; at += renewsMax)
    await Promise.all(hashes.slice(at, at + renewsMax).map((hash) => ports.blobs.renew(hash)));
  return now;
}

const blobPattern = /"blob":"([0-9a-f]{64})"/g;

type ArtifactList = NonNullable<Report['artifacts']>['list'];

/** Lists of artifacts that lie in a blob: those in place name their blobs as all else does. */
function listsIn({ data }: Item): ArtifactList[] {
  if (!('reports' in data)) return [];
  const reports = data.reports as unknown as readonly Report[];
  return reports.flatMap(({ artifacts }) =>
    artifacts !== undefined && 'blob' in artifacts.list ? [artifacts.list] : [],
  );
}

/** Of a list that is damaged there is nothing to renew, and all else still is. */
async function named(blobs: Blobs, list: ArtifactList): Promise<readonly string[]> {
  try {
    return (await artifactsIn(blobs, list)).map(({ blob }) => blob);
  } catch (error) {
    if (error instanceof Problem && error.code === 'data-damaged') return [];
    throw error;
  }
}

/** The mixed packs that a run's progress names. */
function mixedSources({ progress }: LoadedRun): ReadonlySet<string> {
  const sources = progress.chunks.flatMap((chunk) => [
    ...chunk.sources,
    ...[...chunk.tries.values()].flatMap(({ by, before }) => [by, ...before]),
  ]);
  return new Set(sources.filter((source) => source.startsWith(sortKeys.mixedPack)));
}
