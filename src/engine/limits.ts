import type { PageOf } from '../contract/api.ts';
import type { LimitBounds, SlotHolderView, WaitView } from '../contract/limits.ts';
import type { Limits, LimitsQuery, LimitView, SharedLimitView } from '../contract/limits-api.ts';
import { Problem } from '../contract/problem.ts';
import { definitionOf, idOf } from '../core/graph.ts';
import type { Place, SlotHolder } from '../core/limits.ts';
import { attemptOf } from '../core/progress.ts';
import type { Bucket } from '../core/token-bucket.ts';
import type { Decider } from './decider.ts';
import { allShards, asData, fromData } from './items.ts';
import {
  boundsKey,
  boundsPartition,
  limitPartition,
  limitSorts,
  noteSort,
  placesPartition,
} from './limit-items.ts';
import { isHeldBy, readSlots, type StoredSlot } from './limit-place.ts';
import { neededPlaces, sharedBounds } from './limits-of.ts';
import type { LoadedRun } from './loaded-run.ts';
import { pagesOf } from './pages.ts';
import { mayPass } from './passing.ts';
import type { PlaceNote } from './places.ts';
import { serve } from './sweep-limits.ts';

const pageUsual = 50;
const pageMax = 1_000;
const holdersMax = 10;
const waitingMax = 1_000;
const triesMax = 20;

export function createLimits(decider: Decider): Limits {
  const { ports, settings } = decider;
  const { namespace } = settings;
  const unknown = (name: string): Problem =>
    new Problem('limit-unknown', `there is no shared limit ${name}`);
  return {
    list: (query) => listPlaces(decider, query),
    async shared() {
      const views: SharedLimitView[] = [];
      for await (const items of pagesOf(ports.table, { partition: boundsPartition(namespace) }))
        views.push(
          ...items.map(({ sort, data }) => ({ name: sort, ...fromData<LimitBounds>(data) })),
        );
      return views;
    },
    async one(name) {
      const item = await ports.table.get(boundsKey(namespace, name));
      if (item === undefined) throw unknown(name);
      return { name, ...fromData<LimitBounds>(item.data) };
    },
    async set(name, bounds) {
      const key = boundsKey(namespace, name);
      for (let tries = 0; tries < triesMax; tries++) {
        const before = await ports.table.get(key);
        const item = { ...key, version: (before?.version ?? 0) + 1, data: asData(bounds) };
        const condition = before ? { version: before.version } : 'absent';
        if (!(await ports.table.put(item, condition)).done) continue;
        await serveAll(decider, name, bounds);
        return { name, ...bounds };
      }
      throw new Problem('unavailable', `the limit ${name} is changed by many at once: try again`);
    },
    async remove(name) {
      const key = boundsKey(namespace, name);
      const before = await ports.table.get(key);
      if (before === undefined) throw unknown(name);
      await ports.table.remove(key, 'any');
    },
  };
}

/** Who waits for a limit whose bounds were raised need not wait for the sweep. */
async function serveAll(decider: Decider, limit: string, bounds: LimitBounds): Promise<void> {
  const { settings, ports } = decider;
  for (const shard of allShards(settings)) {
    const partition = placesPartition(settings.namespace, shard);
    const range = { partition, from: limit, to: `${limit}~` };
    for await (const items of pagesOf(ports.table, range))
      for (const item of items) {
        const place = fromData<PlaceNote>(item.data);
        if (place.limit === limit) await serve(decider, boundedBy(place, bounds));
      }
  }
}

/** A place with the bounds that its limit has now; none: nothing is granted there. */
function boundedBy(place: Place, { max, sum, rate }: LimitBounds): Place {
  if (place.kind === 'rate') return { ...place, rate: rate ?? place.rate };
  const isSum = place.kind === 'all' && place.name.endsWith('+');
  return { ...place, max: (isSum ? sum : max) ?? 0 };
}

async function listPlaces(
  decider: Decider,
  { name, after, limit = pageUsual }: LimitsQuery,
): Promise<PageOf<LimitView>> {
  const shards = allShards(decider.settings);
  let at: PlaceInList =
    after === undefined ? { shard: shards[0] ?? '0', last: undefined } : placeIn(after);
  const items: LimitView[] = [];
  const most = Math.min(limit, pageMax);
  for (let pages = 0; pages <= shards.length && items.length < most; pages++) {
    const page = await placesAfter(decider, at, most - items.length);
    const wanted = page.places.filter((place) => name === undefined || place.limit === name);
    items.push(...(await Promise.all(wanted.map((place) => viewPlace(decider, place)))));
    if (page.next === undefined) return { items, next: null };
    at = page.next;
  }
  return { items, next: `${at.shard}#${at.last ?? ''}` };
}

interface PlaceInList {
  readonly shard: string;
  readonly last: string | undefined;
}

/** The places after one, of its shard alone. */
async function placesAfter(
  { ports, settings }: Decider,
  { shard, last }: PlaceInList,
  limit: number,
): Promise<{ readonly places: readonly PlaceNote[]; readonly next: PlaceInList | undefined }> {
  const partition = placesPartition(settings.namespace, shard);
  const from = last === undefined ? {} : { from: `${last}\u0000` };
  const { items, next } = await ports.table.query({ partition, limit, ...from });
  const places = items.map(({ data }) => fromData<PlaceNote>(data));
  const end = items.at(-1)?.sort;
  if (next !== undefined && end !== undefined) return { places, next: { shard, last: end } };
  const shards = allShards(settings);
  const following = shards[shards.indexOf(shard) + 1];
  return {
    places,
    next: following === undefined ? undefined : { shard: following, last: undefined },
  };
}

function placeIn(after: string): PlaceInList {
  const at = after.indexOf('#');
  if (at < 1) throw new Problem('input-invalid', `after is not a cursor of this list: ${after}`);
  return { shard: after.slice(0, at), last: after.slice(at + 1) || undefined };
}

async function viewPlace(decider: Decider, place: PlaceNote): Promise<LimitView> {
  const { limit, key, kind, rate } = place;
  const { held, count, fullAt } = await heldAt(decider, place);
  const now = decider.ports.clock.now();
  const tokenMs = rate ? rate.perMs / rate.count : 0;
  const nextAt = rate && Math.ceil(fullAt - ((rate.burst ?? 1) - 1) * tokenMs);
  return {
    limit,
    ...(key !== undefined && { key }),
    kind,
    ...(rate === undefined ? { max: place.max } : { rate }),
    held: count,
    holders: await holdersOf(decider, held),
    waiting: await waitingAt(decider, place),
    ...(nextAt !== undefined && nextAt > now && { nextAt }),
  };
}

/** Of a rate those who have got their tokens and are not over yet. */
async function heldAt({ ports, settings }: Decider, { name, kind }: Place) {
  const partition = limitPartition(settings.namespace, name);
  if (kind !== 'rate') {
    const held = (await readSlots(ports, settings, name)).filter(
      ({ holder }) => holder !== undefined,
    );
    return { held, count: held.length, fullAt: 0 };
  }
  const bucket = await ports.table.get({ partition, sort: limitSorts.bucket });
  const range = { partition, from: limitSorts.note, to: 'NOTE$', limit: waitingMax };
  const notes = await ports.table.query(range);
  const fullAt = bucket ? fromData<{ fullAt: number } & Bucket>(bucket.data).fullAt : 0;
  return { held: [], count: notes.items.length, fullAt };
}

async function waitingAt({ ports, settings }: Decider, { name }: Place): Promise<number> {
  const partition = limitPartition(settings.namespace, name);
  let waiting = 0;
  for await (const items of pagesOf(ports.table, {
    partition,
    from: limitSorts.wait,
    to: 'WAIT$',
  })) {
    waiting += items.length;
    if (waiting >= waitingMax) break;
  }
  return Math.min(waiting, waitingMax);
}

function holdersOf(decider: Decider, held: readonly StoredSlot[]): Promise<SlotHolderView[]> {
  const first = held.slice(0, holdersMax);
  return Promise.all(first.map(({ holder }) => viewHolder(decider, holder as SlotHolder)));
}

async function viewHolder(decider: Decider, holder: SlotHolder): Promise<SlotHolderView> {
  const { run, task, attempt, at, owner } = holder;
  return {
    run,
    task: await taskName(decider, run, task),
    attempt,
    since: at,
    ...(owner !== undefined && { runner: owner }),
  };
}

async function taskName({ runs }: Decider, run: string, task: number): Promise<string> {
  try {
    const loaded = await runs.look(run);
    if (loaded === undefined || task >= loaded.progress.graph.size) return String(task);
    return idOf(loaded.progress.graph, task);
  } catch (error) {
    if (mayPass(error)) throw error;
    return String(task);
  }
}

/** The first place that a ready task lacks; undefined when it has all, or needs none. */
export async function waitOf(
  decider: Decider,
  run: LoadedRun,
  task: number,
): Promise<WaitView | undefined> {
  const { ports, settings, outputs } = decider;
  if (definitionOf(run.progress.graph, task).limitedBy === undefined) return undefined;
  const needed = await neededPlaces(outputs, sharedBounds(ports, settings), run, task);
  if (needed.kind === 'error') return undefined;
  const name = { run: run.meta.id, task, attempt: attemptOf(run.progress, task) };
  for (const { name: place, limit, key, kind, max } of needed.places) {
    const partition = limitPartition(settings.namespace, place);
    const slots = kind === 'rate' ? [] : await readSlots(ports, settings, place);
    const has =
      kind === 'rate'
        ? (await ports.table.get({ partition, sort: noteSort(name) })) !== undefined
        : slots.some((slot) => isHeldBy(slot, name));
    if (has) continue;
    const holders = await holdersOf(
      decider,
      slots.filter(({ holder }) => holder !== undefined),
    );
    const bound = { ...(key !== undefined && { key }), ...(kind !== 'rate' && { max }) };
    return { limit, kind, ...bound, holders };
  }
  return undefined;
}
