import type { PageOf, RunSummary } from '../contract/api.ts';
import type { Decider } from './advance.ts';
import type { Archive } from './archive.ts';
import { dayOf, isKept, type ListedPart } from './archive-list.ts';
import type { RunsQuery } from './engine.ts';
import { allShards, archivePartition, fromData, type Meta, sortable } from './items.ts';
import { pagesOf } from './pages.ts';
import { summaryOf } from './run-summary.ts';

const pageDefault = 50;
const pageMax = 1000;
/**
 * Parts of the archive that one page opens: beyond it, the page is as long as it is. Only where more of them span its
 * beginning it opens those too, or the next one would begin where it did.
 */
const partsMax = 50;
const dayMs = 86_400_000;

/** A run, or how far was looked when that was enough. */
interface Found {
  readonly place: string;
  readonly run: RunSummary | undefined;
}

const placeOf = ({ createdAt, id }: Pick<RunSummary, 'createdAt' | 'id'>): string =>
  sortable(createdAt, id);

/** Newest first, from the table and from the archive. A page may be short, or empty, and have a next one. */
export async function listRuns(
  decider: Decider,
  archive: Archive,
  query: RunsQuery,
): Promise<PageOf<RunSummary>> {
  const limit = Math.min(pageMax, Math.max(1, query.limit ?? pageDefault));
  const before = lower(query.after, placeAt(query.until));
  const first = placeAt(query.since) ?? '';
  const table = tableRuns(decider, before, limit);
  const archived = archivedRuns(decider, archive, query, before);
  const items: RunSummary[] = [];
  for await (const { place, run } of merged(table, archived)) {
    if (place < first) break;
    if (run === undefined) return { items, next: place };
    if (matches(run, query)) items.push(run);
    if (items.length > limit) return { items: items.slice(0, limit), next: endOf(items, limit) };
  }
  return { items, next: null };
}

const placeAt = (time: number | undefined): string | undefined =>
  time === undefined ? undefined : sortable(time, '');

/** The place of the last run on a page. */
const endOf = (items: readonly RunSummary[], limit: number): string =>
  placeOf(items[limit - 1] as RunSummary);

const lower = (a: string | undefined, b: string | undefined): string | undefined =>
  a !== undefined && b !== undefined && b < a ? b : (a ?? b);

const matches = (run: RunSummary, query: RunsQuery): boolean =>
  (query.state === undefined || run.state === query.state) &&
  (query.workflow === undefined || run.workflow === query.workflow) &&
  (query.text === undefined || says(run, query.text.toLowerCase()));

const says = ({ id, workflow, tags }: RunSummary, text: string): boolean =>
  [id, workflow, ...tags].some((word) => word.toLowerCase().includes(text));

/** Of two lists, newest first, one. What both have is the first one's. */
async function* merged(
  first: AsyncGenerator<Found>,
  second: AsyncGenerator<Found>,
): AsyncGenerator<Found> {
  let [a, b] = [await nextOf(first), await nextOf(second)];
  let last = '';
  while (a !== undefined || b !== undefined) {
    const takesFirst = isFirst(a, b);
    const found = (takesFirst ? a : b) as Found;
    if (found.place !== last || found.run === undefined) yield found;
    last = found.place;
    if (takesFirst) a = await nextOf(first);
    else b = await nextOf(second);
  }
}

async function nextOf(list: AsyncGenerator<Found>): Promise<Found | undefined> {
  const { done, value } = await list.next();
  return done ? undefined : value;
}

const isFirst = (a: Found | undefined, b: Found | undefined): boolean =>
  a !== undefined && (b === undefined || a.place >= b.place);

/** The index is sharded: every shard's newest are merged. */
async function* tableRuns(
  { ports, settings }: Decider,
  from: string | undefined,
  limit: number,
): AsyncGenerator<Found> {
  for (let before = from; ; ) {
    const pages = await Promise.all(
      allShards(settings).map((shard) =>
        ports.table.index('recent', {
          partition: `${settings.namespace}/RECENT#${shard}`,
          reverse: true,
          limit,
          ...(before !== undefined && { to: before }),
        }),
      ),
    );
    const lists = pages.map(({ items }) => items.map((item) => fromData<Meta>(item.data)));
    // What lies behind the end of one shard's page may be newer than what another's page has.
    const ends = lists.flatMap((metas, n) => (pages[n]?.next ? metas.slice(-1).map(placeOf) : []));
    const end = ends.sort().at(-1) ?? '';
    const newest = lists.flat().sort((a, b) => (placeOf(a) < placeOf(b) ? 1 : -1));
    for (const meta of newest)
      if (placeOf(meta) >= end) yield { place: placeOf(meta), run: summaryOf(meta) };
    if (end === '') return;
    before = end;
  }
}

/** Opens parts from the newest on, and tells what is in them once no other part can have anything newer. */
async function* archivedRuns(
  decider: Decider,
  archive: Archive,
  query: RunsQuery,
  before: string | undefined,
): AsyncGenerator<Found> {
  let opened = 0;
  let waiting: Found[] = [];
  for await (const listed of listedParts(decider, before)) {
    if (listed.to < (query.since ?? 0)) break;
    if (!mayMatch(listed, query) || !isBefore(before, sortable(listed.from, ''))) continue;
    const newer = sortable(listed.to + 1, '');
    yield* waiting.filter(({ place }) => place >= newer);
    if (opened >= partsMax && isBefore(before, newer))
      return yield { place: newer, run: undefined };
    opened++;
    waiting = waiting.filter(({ place }) => place < newer);
    waiting.push(...(await runsIn(archive, listed, before)));
    waiting.sort((a, b) => (a.place < b.place ? 1 : -1));
  }
  yield* waiting;
}

async function runsIn(
  { parts }: Archive,
  { hash, losers }: ListedPart,
  before: string | undefined,
): Promise<readonly Found[]> {
  const runs = (await parts.heads(hash)).filter((_head, n) => !losers.includes(n));
  return runs
    .map((run): Found => ({ place: placeOf(run), run: { ...run, archived: true } }))
    .filter(({ place }) => isBefore(before, place));
}

const isBefore = (end: string | undefined, place: string): boolean =>
  end === undefined || place < end;

const mayMatch = (listed: ListedPart, { state, workflow }: RunsQuery): boolean =>
  (state === undefined || listed.states.some((one) => one === state)) &&
  (workflow === undefined || listed.workflows.length === 0 || listed.workflows.includes(workflow));

/** Parts with runs from before a place on, those with the newest run first. */
async function* listedParts(
  { ports, settings }: Decider,
  before: string | undefined,
): AsyncGenerator<ListedPart> {
  const now = ports.clock.now();
  const start = before === undefined ? now + dayMs : Number(before.split('#')[0]);
  // A part has runs of one day.
  const end = (dayOf(start) + 1) * dayMs;
  const oldest = Math.max(0, now - (settings.retention?.keepMs ?? tenYearsMs) - 31 * dayMs);
  for (const partition of monthsBack(settings.namespace, end, oldest))
    for await (const items of pagesOf(ports.table, {
      partition,
      to: sortable(end, ''),
      reverse: true,
    }))
      for (const item of items) if (isKept(item, now)) yield fromData<ListedPart>(item.data);
}

const tenYearsMs = 3652 * dayMs;

function monthsBack(namespace: string, from: number, to: number): ReadonlySet<string> {
  const months = new Set<string>();
  for (let at = from; at > to; at -= 20 * dayMs) months.add(archivePartition(namespace, at));
  return months.add(archivePartition(namespace, to));
}
