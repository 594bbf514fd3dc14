import type { Spawn, StoredOutput } from '../contract/happening.ts';
import type { JsonObject } from '../contract/json.ts';
import { isEnded } from '../contract/state.ts';
import type { Workflow } from '../contract/workflow.ts';
import { decodeChunk, encodeChunk } from '../core/chunk-codec.ts';
import type { Dag } from '../core/dag.ts';
import { extend, graphOf } from '../core/graph.ts';
import { invariant } from '../core/invariant.ts';
import { type Chunk, grow, type Head, type Progress } from '../core/progress.ts';
import type { Ports } from '../ports/ports.ts';
import type { Item, Put } from '../ports/table.ts';
import { readStored } from './blobs.ts';
import {
  asData,
  fromData,
  indexPartition,
  type Meta,
  metaKey,
  progressKey,
  runPartition,
  type SegmentRow,
  segmentsKey,
  segmentsPerPage,
} from './items.ts';
import type { EngineSettings } from './settings.ts';
import type { Specs } from './specs.ts';

/** A run in memory. Changed in place by folding; thrown away when it could not be saved. */
export interface LoadedRun {
  meta: Meta;
  metaVersion: number;
  readonly workflow: Workflow;
  readonly dag: Dag;
  readonly progress: Progress;
  readonly input: JsonObject;
}

export interface Runs {
  /** Undefined when there is no such run. To be called by work that is `alone` with the run. */
  load(id: string): Promise<LoadedRun | undefined>;
  /** As `load`, with a META item that was just read, or came by the feed: if it is old, saving is refused. */
  loadFrom(id: string, meta: Item): Promise<LoadedRun>;
  /** To look at: from the cache if it is there, else read when no work on the run is under way. `fresh`: always read. */
  look(id: string, fresh?: boolean): Promise<LoadedRun | undefined>;
  /** The run from the cache, if it is there: saves the callers on the fast path a promise each. */
  cached(id: string): LoadedRun | undefined;
  /**
   * Saves what folding changed, the run's end too if it is due. False: somebody else changed the run; it is forgotten
   * here, and is to be loaded and decided anew.
   */
  save(run: LoadedRun, options: SaveOptions): Promise<boolean>;
  forget(id: string): void;
  /** Calls back when this process saves the run's end. Returns how to stop listening. */
  onEnd(id: string, call: () => void): () => void;
  /** Sets when a run that has not ended is to be looked at next, if nothing moves. */
  wakeLater(id: string, now: number): Promise<void>;
  /** Runs `work` when no other work on that run is under way in this process. */
  alone<T>(id: string, work: () => Promise<T>): Promise<T>;
  /** Whether another decider changed any of these chunks since they were read here. */
  overtaken(run: LoadedRun, chunks: ReadonlySet<number>): Promise<boolean>;
}

export interface SaveOptions {
  readonly end: RunEnd | undefined;
  readonly now: number;
  /** Durable when answered. Else progress, which its happenings would give again, may be so a little later. */
  readonly durable: boolean;
}

export type RunEnd = { readonly state: Meta['state']; readonly reason: string | undefined };

type Needs = Pick<Ports, 'table' | 'blobs'>;

export function createRuns(ports: Needs, settings: EngineSettings, specs: Specs): Runs {
  const cache = new Map<string, LoadedRun>();
  const keep = (run: LoadedRun): void => {
    cache.delete(run.meta.id);
    cache.set(run.meta.id, run);
    if (cache.size <= settings.cachedRuns) return;
    const oldest = cache.keys().next();
    if (!oldest.done) cache.delete(oldest.value);
  };
  const busy = new Map<string, Promise<unknown>>();
  const listeners = new Map<string, Set<() => void>>();
  const alone = <T>(id: string, work: () => Promise<T>): Promise<T> => {
    const before = busy.get(id);
    const mine = before === undefined ? work() : before.then(work, work);
    busy.set(id, mine);
    const done = (): void => {
      if (busy.get(id) === mine) busy.delete(id);
    };
    mine.then(done, done);
    return mine;
  };
  const load = async (id: string): Promise<LoadedRun | undefined> => {
    const known = cache.get(id);
    if (known) return known;
    const run = await loadRun(ports, settings, specs, id);
    if (run) keep(run);
    return run;
  };
  return {
    alone,
    wakeLater: (id, now) =>
      alone(id, async () => {
        const run = cache.get(id) ?? (await loadRun(ports, settings, specs, id));
        if (run === undefined || isEnded(run.meta.state)) return;
        // Twice as long as it has been still, but for its deadline: a run that waits long is not visited often.
        const still = now - (run.meta.wokenAt ?? run.meta.createdAt);
        const next = now + Math.max(settings.wakeMs, still);
        run.meta = { ...run.meta, wakeAt: Math.min(next, run.meta.deadline ?? next), wokenAt: now };
        run.progress.head.dirty = true;
        const options = { end: undefined, now, durable: false };
        if (!(await saveRun(ports, settings, run, options))) cache.delete(id);
      }),
    cached: (id) => cache.get(id),
    onEnd(id, call) {
      const calls = listeners.get(id) ?? new Set();
      listeners.set(id, calls.add(call));
      return () => {
        calls.delete(call);
        if (calls.size === 0) listeners.delete(id);
      };
    },
    forget: (id) => void cache.delete(id),
    load,
    async loadFrom(id, meta) {
      const known = cache.get(id);
      if (known) return known;
      const run = await fromMeta(ports, settings, specs, meta);
      keep(run);
      return run;
    },
    async look(id, fresh = false) {
      if (fresh) return loadRun(ports, settings, specs, id);
      return cache.get(id) ?? alone(id, () => load(id));
    },
    async save(run, options) {
      const saved = await saveRun(ports, settings, run, options);
      // Nothing more is expected of a run that has ended.
      if (!saved || options.end) cache.delete(run.meta.id);
      if (saved && options.end) for (const call of listeners.get(run.meta.id) ?? []) call();
      return saved;
    },
    async overtaken(run, chunks) {
      if (settings.soleDecider || run.meta.small) return false;
      const others = [...chunks].filter((n) => run.progress.chunks[n] !== undefined);
      const keys = others.map((n) => progressKey(settings.namespace, run.meta.id, n));
      const items = await ports.table.getMany(keys);
      const moved = others.some((n, i) => {
        const chunk = run.progress.chunks[n] as Chunk;
        return (items[i]?.version ?? 0) !== chunk.version;
      });
      if (moved) cache.delete(run.meta.id);
      return moved;
    },
  };
}

async function loadRun(
  ports: Needs,
  settings: EngineSettings,
  specs: Specs,
  id: string,
): Promise<LoadedRun | undefined> {
  const item = await ports.table.get(metaKey(settings.namespace, id));
  return item === undefined ? undefined : fromMeta(ports, settings, specs, item);
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
  const { input: stored } = meta;
  const input = (
    'value' in stored ? stored.value : await readStored(ports.blobs, stored)
  ) as JsonObject;
  const progress: Progress = {
    head: headOf(meta),
    graph: graphOf(dag),
    chunks: [],
    chunkSize: meta.chunkSize,
  };
  if (meta.segments !== undefined) await loadSegments(ports, settings, meta, progress);
  if (meta.progress !== undefined)
    progress.chunks.push(
      decodeChunk({ data: meta.progress, bytes: item.bytes ?? new Uint8Array() }, 0),
    );
  if (progress.graph.size > (meta.small ? meta.chunkSize : 0))
    await loadChunks(ports, settings, meta, progress);
  grow(progress);
  return { meta, metaVersion: item.version, workflow, dag, progress, input };
}

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

async function saveRun(
  ports: Needs,
  settings: EngineSettings,
  run: LoadedRun,
  options: SaveOptions,
): Promise<boolean> {
  const { end } = options;
  const relaxed = !options.durable && end === undefined;
  const { head, chunks } = run.progress;
  const inMeta = run.meta.small ? chunks[0] : undefined;
  const stored = chunks.flatMap((chunk, n) => (chunk.dirty && chunk !== inMeta ? [n] : []));
  // What the head says (a cancel, new numbers) must be known before progress that rests on it; the end comes last.
  const headFirst = head.dirty && stored.length > 0;
  const first = { ...options, end: undefined };
  if (headFirst && !(await saveMeta(ports, settings, run, first, relaxed))) return false;
  if (stored.length > 0 && !(await saveChunks(ports, settings, run, stored, relaxed))) return false;
  const headAlso = (head.dirty && !headFirst) || inMeta?.dirty === true || end !== undefined;
  return headAlso ? saveMeta(ports, settings, run, options, relaxed) : true;
}

async function saveChunks(
  ports: Needs,
  settings: EngineSettings,
  run: LoadedRun,
  numbers: readonly number[],
  relaxed: boolean,
): Promise<boolean> {
  const puts = numbers.map((n): Put => {
    const chunk = run.progress.chunks[n] as Chunk;
    const item = {
      ...progressKey(settings.namespace, run.meta.id, n),
      version: chunk.version + 1,
      ...encodeChunk(chunk),
    };
    const condition = chunk.version === 0 ? 'absent' : { version: chunk.version };
    return { item, condition, relaxed };
  });
  const results = await ports.table.putMany(puts);
  for (const [i, result] of results.entries()) {
    if (!result.done) return false;
    const chunk = run.progress.chunks[numbers[i] as number] as Chunk;
    chunk.version += 1;
    chunk.dirty = false;
  }
  return true;
}

async function saveMeta(
  ports: Needs,
  settings: EngineSettings,
  run: LoadedRun,
  { end, now }: SaveOptions,
  relaxed: boolean,
): Promise<boolean> {
  const segments = await spillSegments(ports, settings, run);
  const meta = nextMeta(run, segments, end, now);
  const item = metaItem(settings, meta, run, run.metaVersion + 1);
  const condition = { version: run.metaVersion };
  const [result] = await ports.table.putMany([{ item, condition, relaxed }]);
  if (result?.done !== true) return false;
  run.meta = meta;
  run.metaVersion += 1;
  run.progress.head.dirty = false;
  const inMeta = meta.small ? run.progress.chunks[0] : undefined;
  if (inMeta) inMeta.dirty = false;
  return true;
}

function nextMeta(
  run: LoadedRun,
  segments: Pick<Meta, 'segments' | 'segmentPages'>,
  end: RunEnd | undefined,
  now: number,
): Meta {
  const { head } = run.progress;
  const { wakeAt: _wakeAt, endedAt: _endedAt, reason: _reason, ...kept } = run.meta;
  const state = end?.state ?? head.state;
  const reason = end ? end.reason : head.reason;
  const woken = isEnded(run.meta.state) ? now : run.meta.wakeAt;
  return {
    ...kept,
    state,
    generation: head.generation,
    ...(reason !== undefined && { reason }),
    ...(head.fails && { fails: true }),
    ...(head.controls.length > 0 && { controls: [...head.controls] }),
    ...(head.rerun !== undefined && { rerun: head.rerun }),
    ...segments,
    ...(isEnded(state) ? { endedAt: now } : { wakeAt: woken ?? now }),
  };
}

/** Pages of spawn items that META held before leave it, so that it stays small; their content can never change. */
async function spillSegments(
  ports: Needs,
  settings: EngineSettings,
  run: LoadedRun,
): Promise<Pick<Meta, 'segments' | 'segmentPages'>> {
  const all = run.progress.graph.segments.map(({ id, count }): SegmentRow => [id, count]);
  if (all.length === 0) return {};
  let pages = run.meta.segmentPages ?? 0;
  const saved = pages * segmentsPerPage + (run.meta.segments?.length ?? 0);
  for (; (pages + 1) * segmentsPerPage <= saved; pages++) {
    const rows = all.slice(pages * segmentsPerPage, (pages + 1) * segmentsPerPage);
    const key = segmentsKey(settings.namespace, run.meta.id, pages);
    await ports.table.put({ ...key, version: 1, data: asData({ rows }) }, 'absent');
  }
  return { segments: all.slice(pages * segmentsPerPage), segmentPages: pages };
}

/** META as it is stored: with a small run's progress inside, and in the indexes that its state asks for. */
export function metaItem(
  settings: EngineSettings,
  meta: Meta,
  run: Pick<LoadedRun, 'progress'>,
  version: number,
): Item {
  const inMeta = meta.small ? run.progress.chunks[0] : undefined;
  const chunk = inMeta && encodeChunk(inMeta);
  const { namespace } = settings;
  const active =
    meta.wakeAt === undefined
      ? undefined
      : {
          partition: indexPartition(namespace, 'ACTIVE', meta.id),
          sort: sortable(meta.wakeAt, meta.id),
        };
  return {
    ...metaKey(namespace, meta.id),
    version,
    data: asData(chunk ? { ...meta, progress: chunk.data } : meta),
    ...(chunk && { bytes: chunk.bytes }),
    indexes: {
      ...(active && { active }),
      recent: {
        partition: indexPartition(namespace, 'RECENT', meta.id),
        sort: sortable(meta.createdAt, meta.id),
      },
    },
  };
}

export const sortable = (at: number, id: string): string =>
  `${at.toString().padStart(15, '0')}#${id}`;

export const storedInput = (input: JsonObject): StoredOutput => ({ value: input });
