import { decodeTime } from 'ulid';
import { type RunSummary, ulidPattern } from '../contract/api.ts';
import type { RunState } from '../contract/state.ts';
import { chance } from '../core/chance.ts';
import { invariant } from '../core/invariant.ts';
import type { Ports } from '../ports/ports.ts';
import { type Item, Unavailable } from '../ports/table.ts';
import { archivedKey, archivePartition, asData, fromData, shardOf, sortable } from './items.ts';
import { pagesOf } from './pages.ts';
import type { EngineSettings } from './settings.ts';

/** What the table says of a part of the archive, so that most parts need not be opened. */
export interface ListedPart {
  readonly hash: string;
  readonly shard: string;
  /** Runs that came late: not in the order of the others. */
  readonly late: boolean;
  /** When its oldest and its newest run were created. */
  readonly from: number;
  readonly to: number;
  readonly states: readonly RunState[];
  /** Empty: too many to say. */
  readonly workflows: readonly string[];
  /** Places of those that were run again before they were archived in it: what it has of them means nothing. */
  readonly losers: readonly number[];
}

const workflowsMax = 30;
/** How far an id's time may be from when its run was created: beyond it there is a pointer to where it was archived. */
const idTimeMs = 5_000;
const dayMs = 86_400_000;
const triesMax = 10;

/** A part has runs of one day, so that whoever looks for a time need not look far. */
export const dayOf = (at: number): number => Math.floor(at / dayMs);

/** When an id was made, as it says; NaN when it does not. */
export const timeOfId = (id: string): number =>
  ulidPattern.test(id) ? decodeTime(id) : Number.NaN;

/** Whether its id leads to a run that was created at that time. */
export const leadsTo = ({ id, createdAt }: Pick<RunSummary, 'id' | 'createdAt'>): boolean =>
  Math.abs(timeOfId(id) - createdAt) <= idTimeMs;

const markOf = (id: string): number => Math.floor(chance(id, 0, 0) * 65_536);

type Needs = Pick<Ports, 'table' | 'clock'>;

/**
 * Lists a part. Whoever archives may do so in part, die, and be followed by another who knows of fewer winners, or of more:
 * a run that one of them saw win has won.
 */
export async function listPart(
  { table, clock }: Needs,
  settings: EngineSettings,
  part: Pick<ListedPart, 'hash' | 'shard' | 'late'>,
  heads: readonly RunSummary[],
  won: ReadonlySet<string>,
): Promise<void> {
  const item = itemOf(settings, part, heads, won, clock.now());
  let condition: 'absent' | { readonly version: number } = 'absent';
  let version = 1;
  let losers = fromData<ListedPart>(item.data).losers;
  for (let tries = 0; tries < triesMax; tries++) {
    const data = asData({ ...item.data, losers });
    const result = await table.put({ ...item, version, data }, condition);
    if (result.done) return;
    invariant(result.found, 'a refused put finds what refused it');
    const known = fromData<ListedPart>(result.found.data).losers;
    losers = losers.filter((place) => known.includes(place));
    if (losers.length === known.length) return;
    condition = { version: result.found.version };
    version = result.found.version + 1;
  }
  throw new Unavailable(`part ${part.hash}: still contended after ${triesMax} tries`);
}

function itemOf(
  { namespace, retention }: EngineSettings,
  { hash, shard, late }: Pick<ListedPart, 'hash' | 'shard' | 'late'>,
  heads: readonly RunSummary[],
  won: ReadonlySet<string>,
  now: number,
): Item {
  const times = heads.map(({ createdAt }) => createdAt);
  const [from, to] = [Math.min(...times), Math.max(...times)];
  const workflows = [...new Set(heads.map(({ workflow }) => workflow))];
  const listed: ListedPart = {
    hash,
    shard,
    late,
    from,
    to,
    states: [...new Set(heads.map(({ state }) => state))],
    workflows: workflows.length > workflowsMax ? [] : workflows,
    losers: heads.flatMap(({ id }, place) => (won.has(id) ? [] : [place])),
  };
  const marks = Uint16Array.from(heads, ({ id }) => markOf(id));
  return {
    partition: archivePartition(namespace, to),
    sort: sortable(to, hash),
    version: 1,
    data: asData(listed),
    bytes: new Uint8Array(marks.buffer),
    ...(retention && { expiresAt: now + retention.keepMs }),
  };
}

/** The pointers to runs whose ids do not lead to them. */
export const pointerItem = (
  settings: EngineSettings,
  run: string,
  hash: string,
  now: number,
): Item => ({
  ...archivedKey(settings, run),
  version: 1,
  data: { hash },
  ...(settings.retention && { expiresAt: now + settings.retention.keepMs }),
});

/** Parts that may hold a run, by what the table says. */
export async function* partsWith(
  { table, clock }: Needs,
  settings: EngineSettings,
  run: string,
): AsyncGenerator<Pick<ListedPart, 'hash' | 'losers'>> {
  const now = clock.now();
  const pointer = await table.get(archivedKey(settings, run));
  if (pointer !== undefined && isKept(pointer, now))
    yield { hash: pointer.data.hash as string, losers: [] };
  const at = timeOfId(run);
  if (Number.isNaN(at)) return;
  const shard = shardOf(settings, run);
  const mark = markOf(run);
  for await (const item of partsAround(table, settings.namespace, at)) {
    const listed = fromData<ListedPart>(item.data);
    if (listed.shard !== shard || !isKept(item, now)) continue;
    // A shard's parts follow each other, but for the late ones.
    if (listed.from > at + idTimeMs && !listed.late) return;
    if (marksOf(item).includes(mark)) yield listed;
  }
}

/** Those whose newest run was created from then on, up to the end of the day. */
async function* partsAround(
  table: Needs['table'],
  namespace: string,
  at: number,
): AsyncGenerator<Item> {
  const first = Math.max(0, at - idTimeMs);
  const last = at + idTimeMs;
  const range = { from: sortable(first, ''), to: sortable((dayOf(last) + 1) * dayMs, '') };
  const months = [first, last].map((time) => archivePartition(namespace, time));
  for (const partition of new Set(months))
    for await (const items of pagesOf(table, { partition, ...range })) yield* items;
}

export const isKept = ({ expiresAt }: Item, now: number): boolean =>
  expiresAt === undefined || expiresAt > now;

const marksOf = ({ bytes = new Uint8Array() }: Item): Uint16Array =>
  new Uint16Array(Uint8Array.from(bytes).buffer);
