import { isEnded } from '../contract/state.ts';
import { decodeChunk } from '../core/chunk-codec.ts';
import type { Ports } from '../ports/ports.ts';
import type { Item, Range } from '../ports/table.ts';
import { archivedSort } from './archived-table.ts';
import { fromData, type Meta, type PackData, runOf, sortKeys, sourceKey } from './items.ts';
import { keepLast } from './keep-last.ts';
import { pagesOf } from './pages.ts';
import type { EngineSettings } from './settings.ts';

type Needs = Pick<Ports, 'table'>;

/** What a run's META says of whether it can be archived. */
export type Fate =
  | { readonly kind: 'gone' }
  /** It was archived, by one who may have died before the part was listed. */
  | { readonly kind: 'archived'; readonly part: string; readonly meta: Item }
  /** It has not ended, or not long ago. */
  | { readonly kind: 'open'; readonly meta: Item }
  /** Its first items; whole if that is all. */
  | {
      readonly kind: 'ended';
      readonly meta: Item;
      readonly items: readonly Item[];
      readonly whole: boolean;
    };

/** More items than these make a run one that is archived alone. */
const smallItems = 20;
const triesMax = 10;

export const metaOf = (item: Item): Meta => fromData<Meta>(item.data);

/**
 * Reads a run that ended before `due`. Its items are those of the META that is handed back: an ended run's items only
 * change with a rerun, which changes META.
 */
export async function readEnded(ports: Needs, seen: Item, due: number): Promise<Fate> {
  let before = seen;
  for (let tries = 0; tries < triesMax; tries++) {
    const { partition } = seen;
    const page = await ports.table.query({ partition, limit: smallItems });
    const whole = page.next === undefined;
    const meta =
      page.items.find(({ sort }) => sort === sortKeys.meta) ?? (await ports.table.get(seen));
    if (meta === undefined) return { kind: 'gone' };
    const { archived, state, endedAt = Number.POSITIVE_INFINITY } = metaOf(meta);
    if (archived !== undefined) return { kind: 'archived', part: archived, meta };
    if (!isEnded(state) || endedAt > due) return { kind: 'open', meta };
    if (meta.version === before.version) return { kind: 'ended', meta, items: page.items, whole };
    before = meta;
  }
  return { kind: 'open', meta: before };
}

/** Mixed packs that were read last: neighbouring runs have them together. */
export type MixedPackCache = Map<string, Item | undefined>;
const packsKept = 50;

/** A run's items as they are archived: all but claims and the keys of requests, which nobody asks an archived run for. */
export async function* itemsToKeep(
  ports: Needs,
  settings: EngineSettings,
  { meta, items, whole }: Extract<Fate, { kind: 'ended' }>,
  packs: MixedPackCache,
): AsyncGenerator<Item> {
  const sources = new Set<string>();
  for await (const item of whole ? items : ownItems(ports, { partition: meta.partition })) {
    if (isLeftOut(item)) continue;
    for (const source of sourcesIn(item)) sources.add(source);
    yield item;
  }
  const run = runOf(meta.partition);
  for (const source of [...sources].sort()) {
    const key = sourceKey(settings.namespace, run, source);
    const pack = packs.get(source) ?? (await ports.table.get(key));
    packs.set(source, pack);
    keepLast(packs, packsKept);
    if (pack !== undefined) yield reportsOf(pack, run);
  }
}

const isLeftOut = ({ sort }: Item): boolean =>
  sort.startsWith(sortKeys.claim) || sort.startsWith(sortKeys.key);

export async function* ownItems(ports: Needs, range: Range): AsyncGenerator<Item> {
  for await (const page of pagesOf(ports.table, range)) yield* page;
}

/** The mixed packs that an item with progress names. */
function sourcesIn({ sort, data, bytes = new Uint8Array() }: Item): readonly string[] {
  const progress = sort === sortKeys.meta ? fromData<Meta>(data).progress : data;
  if (progress === undefined) return [];
  if (sort !== sortKeys.meta && !sort.startsWith(sortKeys.progress)) return [];
  const { sources, tries } = decodeChunk({ data: progress, bytes }, 0);
  const ended = [...tries.values()].flatMap(({ by, before }) => [by, ...before]);
  return [...sources, ...ended].filter((source) => source.startsWith(sortKeys.mixedPack));
}

/** Of a mixed pack what it reports of one run, among that run's own items. */
function reportsOf(pack: Item, run: string): Item {
  const { sort, version, partition } = pack;
  const { reports, ...rest } = fromData<PackData>(pack.data);
  const own = reports.filter((report) => report.run === run);
  return { partition, sort: archivedSort(sort), version, data: { ...rest, reports: own } };
}
