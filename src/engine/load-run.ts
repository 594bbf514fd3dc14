import type { Spawn } from '../contract/happening.ts';
import type { JsonObject } from '../contract/json.ts';
import { decodeChunk } from '../core/chunk-codec.ts';
import { extend, graphOf } from '../core/graph.ts';
import { invariant } from '../core/invariant.ts';
import { type Chunk, grow, type Head, type Progress } from '../core/progress.ts';
import type { Ports } from '../ports/ports.ts';
import type { Item } from '../ports/table.ts';
import { readStored } from './blobs.ts';
import {
  fromData,
  type Meta,
  metaKey,
  progressKey,
  runPartition,
  type SegmentRow,
  segmentsKey,
} from './items.ts';
import type { LoadedRun } from './loaded-run.ts';
import type { EngineSettings } from './settings.ts';
import type { Specs } from './specs.ts';

type Needs = Pick<Ports, 'table' | 'blobs'>;

/** Undefined when there is no such run, or it was archived: what is left of it here may vanish piece by piece. */
export async function loadRun(
  ports: Needs,
  settings: EngineSettings,
  specs: Specs,
  id: string,
): Promise<LoadedRun | undefined> {
  const item = await ports.table.get(metaKey(settings.namespace, id));
  if (item === undefined || fromData<Meta>(item.data).archived !== undefined) return undefined;
  return fromMeta(ports, settings, specs, item);
}

/** The run whose META item was read, with all else of it that is stored. */
export async function fromMeta(
  ports: Needs,
  settings: EngineSettings,
  specs: Specs,
  item: Item,
): Promise<LoadedRun> {
  const meta = fromData<Meta>(item.data);
  const { workflow, dag } = specs.known(meta.hash) ?? (await specs.load(meta.hash));
  const progress: Progress = {
    head: headOf(meta),
    graph: graphOf(dag, meta.renewals),
    chunks: [],
    chunkSize: meta.chunkSize,
  };
  if (meta.segments !== undefined) await loadSegments(ports, settings, meta, progress);
  if (meta.progress !== undefined) progress.chunks.push(chunkIn(meta.progress, item.bytes));
  if (progress.graph.size > (meta.small ? meta.chunkSize : 0)) {
    await loadChunks(ports, settings, meta, progress);
    // What was read bit by bit must be of one piece: chunks may rest on a META that came after the one at hand.
    const now = settings.soleDecider ? item : await ports.table.get(item);
    if (now !== undefined && now.version !== item.version)
      return fromMeta(ports, settings, specs, now);
  }
  grow(progress);
  const input =
    'value' in meta.input ? meta.input.value : await readStored(ports.blobs, meta.input);
  const metaVersion = item.version;
  return { meta, metaVersion, workflow, dag, progress, input: input as JsonObject };
}

const chunkIn = (data: JsonObject, bytes: Uint8Array | undefined): Chunk =>
  decodeChunk({ data, bytes: bytes ?? new Uint8Array() }, 0);

export const headOf = (meta: Meta): Head => ({
  runId: meta.id,
  state: meta.state,
  generation: meta.generation,
  reason: meta.reason,
  fails: meta.fails ?? false,
  controls: [...(meta.controls ?? [])],
  rerun: meta.rerun,
  dirty: false,
});

async function loadSegments(
  ports: Needs,
  settings: EngineSettings,
  meta: Meta,
  progress: Progress,
): Promise<void> {
  const rows: SegmentRow[] = [];
  const pages = Array.from({ length: meta.segmentPages ?? 0 }, (_, page) =>
    segmentsKey(settings.namespace, meta.id, page),
  );
  for (const page of await ports.table.getMany(pages)) {
    invariant(page, `every page of segments of ${meta.id} is there`);
    rows.push(...fromData<{ rows: readonly SegmentRow[] }>(page.data).rows);
  }
  rows.push(...(meta.segments ?? []));
  const partition = runPartition(settings.namespace, meta.id);
  const items = await ports.table.getMany(rows.map(([sort]) => ({ partition, sort })));
  for (const [i, [id]] of rows.entries()) {
    const item = items[i];
    invariant(item, `spawn item ${id} of ${meta.id} is there`);
    extend(progress.graph, id, await readSpawn(ports, item));
  }
}

/** A spawn with its elements, also where they lie in a blob. */
export async function readSpawn(ports: Pick<Ports, 'blobs'>, item: Item): Promise<Spawn> {
  const spawn = fromData<Spawn>(item.data);
  const made = spawn.made;
  if (made.kind !== 'map' || !('blob' in made)) return spawn;
  const items = await readStored(ports.blobs, { blob: made.blob, size: 0 });
  return { ...spawn, made: { kind: 'map', items: items as StoredItems } };
}
type StoredItems = Extract<Spawn['made'], { items: unknown }>['items'];

async function loadChunks(
  ports: Needs,
  settings: EngineSettings,
  meta: Meta,
  progress: Progress,
): Promise<void> {
  const first = meta.small ? 1 : 0;
  const count = Math.ceil(progress.graph.size / meta.chunkSize);
  if (count <= first) return;
  const keys = Array.from({ length: count - first }, (_, i) =>
    progressKey(settings.namespace, meta.id, first + i),
  );
  for (const [i, item] of (await ports.table.getMany(keys)).entries()) {
    if (item === undefined) continue;
    const bytes = item.bytes ?? new Uint8Array();
    progress.chunks[first + i] = decodeChunk({ data: item.data, bytes }, item.version);
  }
}
