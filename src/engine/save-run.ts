import { isEnded } from '../contract/state.ts';
import { encodeChunk, type StoredChunk } from '../core/chunk-codec.ts';
import type { Chunk } from '../core/progress.ts';
import type { Ports } from '../ports/ports.ts';
import type { IndexEntry, Item, Put } from '../ports/table.ts';
import {
  asData,
  indexPartition,
  type Meta,
  metaKey,
  progressKey,
  type SegmentRow,
  segmentsKey,
  segmentsPerPage,
  sortable,
} from './items.ts';
import type { LoadedRun } from './loaded-run.ts';
import type { EngineSettings } from './settings.ts';

type Needs = Pick<Ports, 'table'>;

export interface SaveOptions {
  readonly end: RunEnd | undefined;
  readonly now: number;
  /** Durable when answered. Else progress, which its happenings would give again, may be so a little later. */
  readonly durable: boolean;
}

export type RunEnd = { readonly state: Meta['state']; readonly reason: string | undefined };

/** Saves what folding changed. False: somebody else changed the run. */
export async function saveRun(
  ports: Needs,
  settings: EngineSettings,
  run: LoadedRun,
  options: SaveOptions,
): Promise<boolean> {
  const { end } = options;
  const relaxed = isRelaxed(options);
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

const isRelaxed = ({ durable, end }: SaveOptions): boolean => !durable && end === undefined;

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
  options: SaveOptions,
  relaxed: boolean,
): Promise<boolean> {
  const segments = await spillSegments(ports, settings, run);
  const { meta, put } = putOf(settings, run, segments, options, relaxed);
  const [result] = await ports.table.putMany([put]);
  if (result?.done !== true) return false;
  keepMeta(run, meta);
  return true;
}

/** Of a run without sub-tasks: its next META item. If it is saved, `keepMeta` is to be told. */
export const metaPut = (settings: EngineSettings, run: LoadedRun, options: SaveOptions) =>
  putOf(settings, run, {}, options, isRelaxed(options));

function putOf(
  settings: EngineSettings,
  run: LoadedRun,
  segments: Pick<Meta, 'segments' | 'segmentPages'>,
  { end, now }: SaveOptions,
  relaxed: boolean,
): { readonly meta: Meta; readonly put: Put } {
  const meta = nextMeta(run, segments, end, now);
  const inMeta = meta.small ? run.progress.chunks[0] : undefined;
  const item = metaItem(settings, meta, inMeta && encodeChunk(inMeta), run.metaVersion + 1);
  return { meta, put: { item, condition: { version: run.metaVersion }, relaxed } };
}

/** The run as it was saved. */
export function keepMeta(run: LoadedRun, meta: Meta): void {
  run.meta = meta;
  run.metaVersion += 1;
  run.progress.head.dirty = false;
  // As it would be loaded: an end is in META first.
  run.progress.head.state = meta.state;
  run.progress.head.reason = meta.reason;
  const inMeta = meta.small ? run.progress.chunks[0] : undefined;
  if (inMeta) inMeta.dirty = false;
}

function nextMeta(
  run: LoadedRun,
  segments: Pick<Meta, 'segments' | 'segmentPages'>,
  end: RunEnd | undefined,
  now: number,
): Meta {
  const { head, graph } = run.progress;
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
    ...(graph.renewals.size > 0 && { renewals: [...graph.renewals] }),
    ...(isEnded(state) ? { endedAt: now } : woken !== undefined && { wakeAt: woken }),
  };
}

/** Pages of spawn items that META held before leave it, so that it stays small; their content can never change. */
async function spillSegments(
  ports: Needs,
  settings: EngineSettings,
  run: LoadedRun,
): Promise<Pick<Meta, 'segments' | 'segmentPages'>> {
  if (run.progress.graph.segments.length === 0) return {};
  const all = run.progress.graph.segments.map(({ id, count }): SegmentRow => [id, count]);
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
  chunk: StoredChunk | undefined,
  version: number,
): Item {
  const { namespace } = settings;
  const active = activeEntry(settings, meta);
  return {
    ...metaKey(namespace, meta.id),
    version,
    data: asData(chunk ? { ...meta, progress: chunk.data } : meta),
    ...(chunk && { bytes: chunk.bytes }),
    indexes: {
      ...(active && { active }),
      recent: {
        partition: indexPartition(settings, 'RECENT', meta.id),
        sort: sortable(meta.createdAt, meta.id),
      },
    },
  };
}

/** Where an open run is found by when it is to be visited, and a late one by its end. */
export function activeEntry(settings: EngineSettings, meta: Meta): IndexEntry | undefined {
  const { id, wakeAt, late, endedAt } = meta;
  if (wakeAt !== undefined)
    return { partition: indexPartition(settings, 'ACTIVE', id), sort: sortable(wakeAt, id) };
  if (late === undefined || endedAt === undefined) return undefined;
  return { partition: indexPartition(settings, 'ENDED', id), sort: sortable(endedAt, id) };
}
