import type { RunSummary } from '../contract/api.ts';
import type { Item, Put } from '../ports/table.ts';
import type { Decider } from './advance.ts';
import { dayOf, leadsTo, listPart, pointerItem } from './archive-list.ts';
import { letGo, markArchived, setLate } from './archive-marks.ts';
import { type Parts, PartWriter } from './archive-part.ts';
import { type Fate, itemsToKeep, type MixedPackCache, metaOf, readEnded } from './copy-run.ts';
import { allShards, archivePlaceKey, endedPartition, runOf, sortable } from './items.ts';
import { pagesOf } from './pages.ts';
import { mayPass } from './passing.ts';
import { summaryOf } from './run-summary.ts';
import type { Retention } from './settings.ts';
import type { Stuck } from './stuck-runs.ts';

export interface Archived {
  readonly runs: number;
  readonly parts: number;
  /** Runs that stay in the table: they cannot be read, for a reason that trying again will not mend. */
  readonly stuck: readonly Stuck[];
}

/** Runs that are read at a time. */
const readMax = 32;
const runsMax = 1000;

type Ended = Extract<Fate, { kind: 'ended' }>;

/**
 * Archives the runs that ended long enough ago, oldest first, until `until`; what is left is for the next time.
 *
 * A part is stored first. Then each run's META is marked, under its version, as archived in that part: from then on it
 * cannot be run again, and what lies in the table only waits to vanish. Then the part is listed, with the runs that were
 * marked; what others changed meanwhile is archived another time. How far all is archived is noted last, so whoever dies
 * on the way is followed by one who finds the marks and does the rest.
 */
export async function archiveRuns(
  decider: Decider,
  stored: Parts,
  until = Number.POSITIVE_INFINITY,
): Promise<Archived> {
  const { retention } = decider.settings;
  const total = { runs: 0, parts: 0, stuck: [] as Stuck[] };
  if (retention === undefined) return total;
  for (const shard of allShards(decider.settings)) {
    const work = new ShardArchiver(decider, stored, retention, shard, until);
    await work.passAll();
    await work.passLate();
    total.runs += work.runs;
    total.parts += work.parts;
    for (const [run, error] of work.stuck) total.stuck.push({ run, error });
  }
  return total;
}

/** Runs that go into one part together. */
class Group {
  readonly writer: PartWriter;
  readonly members: { readonly head: RunSummary; readonly ended: Ended }[] = [];

  constructor(decider: Decider) {
    this.writer = new PartWriter(decider.ports.blobs);
  }

  get isEmpty(): boolean {
    return this.members.length === 0;
  }

  takes(head: RunSummary, { whole }: Ended): boolean {
    const first = this.members[0];
    if (first === undefined) return true;
    const sameDay = dayOf(first.head.createdAt) === dayOf(head.createdAt);
    return sameDay && whole && !this.writer.full && this.members.length < runsMax;
  }
}

class ShardArchiver {
  readonly #decider: Decider;
  readonly #stored: Parts;
  readonly #retention: Retention;
  readonly #shard: string;
  readonly #until: number;
  #group: Group;
  /** Runs that were found archived, by their part: it may not be listed yet. */
  readonly #found = new Map<string, Item[]>();
  readonly #packs: MixedPackCache = new Map();
  #late = false;
  /** The place of the last run that was dealt with. */
  #passed: string | undefined;
  runs = 0;
  parts = 0;
  readonly stuck = new Map<string, unknown>();

  constructor(decider: Decider, stored: Parts, retention: Retention, shard: string, until: number) {
    this.#decider = decider;
    this.#stored = stored;
    this.#retention = retention;
    this.#shard = shard;
    this.#until = until;
    this.#group = new Group(decider);
  }

  /** Each run once, as old as it must be: what has not ended by then is late, and found by its end. */
  async passAll(): Promise<void> {
    const { ports, settings } = this.#decider;
    const { table } = ports;
    const noted = await table.get(archivePlaceKey(settings.namespace, this.#shard));
    const place = noted?.data.place as string | undefined;
    const due = this.#due();
    const range = {
      partition: `${settings.namespace}/RECENT#${this.#shard}`,
      to: sortable(due, ''),
      limit: readMax,
      ...(place !== undefined && { from: `${place}!` }),
    };
    for await (const items of pagesOf(table, range, 'recent')) {
      if (this.#passed === undefined && this.#mayWait(items[0], due)) return;
      await this.#pass(items, due);
      if (ports.clock.now() >= this.#until) break;
    }
    await this.#close();
  }

  /** Others may come that go into the same part. */
  #mayWait = (oldest: Item | undefined, due: number): boolean =>
    oldest !== undefined && metaOf(oldest).createdAt > due - this.#retention.lingerMs;

  async #pass(items: readonly Item[], due: number): Promise<void> {
    for (const [n, fate] of (await this.#read(items, due)).entries()) {
      if (fate.kind === 'open') await this.#safely(fate.meta, setLate(this.#decider, fate.meta));
      else await this.#add(fate);
      this.#passed = items[n]?.indexes?.recent?.sort;
    }
  }

  /** Those that were not archived in their turn. */
  async passLate(): Promise<void> {
    const { ports, settings } = this.#decider;
    const due = this.#due();
    const partition = endedPartition(settings.namespace, this.#shard);
    const range = { partition, to: sortable(due, ''), limit: readMax };
    this.#late = true;
    this.#passed = undefined;
    for await (const items of pagesOf(ports.table, range, 'active')) {
      const fates = await this.#read(items, due);
      const ready = fates.filter(({ kind }) => kind === 'ended' || kind === 'archived');
      ready.sort((a, b) => createdAt(a) - createdAt(b));
      for (const fate of ready) await this.#add(fate);
      if (ports.clock.now() >= this.#until) break;
    }
    await this.#close();
  }

  #due = (): number => this.#decider.ports.clock.now() - this.#retention.archiveMs;

  #read(items: readonly Item[], due: number): Promise<Fate[]> {
    return Promise.all(
      items.map(async (item): Promise<Fate> => {
        const fate = await this.#safely(item, readEnded(this.#decider.ports, item, due));
        return fate ?? { kind: 'open', meta: item };
      }),
    );
  }

  /** A run that cannot be read harms itself only: it is told, and found by its end from then on. */
  async #safely<T>({ partition }: Item, work: Promise<T>): Promise<T | undefined> {
    try {
      return await work;
    } catch (error) {
      if (mayPass(error)) throw error;
      this.stuck.set(runOf(partition), error);
      return undefined;
    }
  }

  async #add(fate: Fate): Promise<void> {
    if (fate.kind === 'archived') {
      const known = this.#found.get(fate.part) ?? [];
      this.#found.set(fate.part, [...known, fate.meta]);
    }
    if (fate.kind !== 'ended') return;
    const head = summaryOf(metaOf(fate.meta));
    if (!this.#group.takes(head, fate)) await this.#close();
    const { meta } = fate;
    if (await this.#safely(meta, this.#gather(head, fate))) return;
    // What a large one had in it already.
    if (this.#group.isEmpty) this.#group = new Group(this.#decider);
    await this.#safely(meta, setLate(this.#decider, meta));
  }

  async #gather(head: RunSummary, ended: Ended): Promise<true> {
    const { ports, settings } = this.#decider;
    const items = itemsToKeep(ports, settings, ended, this.#packs);
    // One that goes into a part with others is read before anything of it is in there.
    await this.#group.writer.add(head, ended.whole ? await all(items) : items);
    this.#group.members.push({ head, ended });
    return true;
  }

  /** Stores what was gathered, and does all that follows. */
  async #close(): Promise<void> {
    const group = this.#group;
    this.#group = new Group(this.#decider);
    if (!group.isEmpty) await this.#store(group);
    for (const [part, metas] of this.#found) {
      this.#found.delete(part);
      const heads = await this.#safely(metas[0] as Item, this.#stored.heads(part));
      if (heads !== undefined) await this.#finish(part, heads, metas);
    }
    if (this.#passed !== undefined) await this.#note(this.#passed);
  }

  async #store({ writer, members }: Group): Promise<void> {
    const part = await writer.close();
    const marked = await Promise.all(
      members.map(({ ended }) => markArchived(this.#decider, this.#retention, ended.meta, part)),
    );
    const won: Item[] = [];
    for (const meta of marked) {
      const where = metaOf(meta).archived;
      if (where === part) won.push(meta);
      else if (where === undefined) await setLate(this.#decider, meta);
      else await this.#add({ kind: 'archived', part: where, meta });
    }
    if (won.length > 0) {
      const small = new Map(members.map(({ ended }) => [ended.meta.partition, ended]));
      await this.#finish(part, writer.heads, won, small);
      this.runs += won.length;
      this.parts++;
    }
  }

  /** Lists the part, and lets the items of its runs go. */
  async #finish(
    part: string,
    heads: readonly RunSummary[],
    metas: readonly Item[],
    small: ReadonlyMap<string, Ended> = new Map(),
  ): Promise<void> {
    const { ports, settings } = this.#decider;
    const won = new Set(metas.map((meta) => metaOf(meta).id));
    const now = ports.clock.now();
    const odd = heads.filter((head) => won.has(head.id) && (this.#late || !leadsTo(head)));
    const pointers = odd.map(({ id }): Put => {
      return { item: pointerItem(settings, id, part, now), condition: 'any' };
    });
    if (pointers.length > 0) await ports.table.putMany(pointers);
    const listed = { hash: part, shard: this.#shard, late: this.#late };
    await listPart(ports, settings, listed, heads, won);
    for (const meta of metas) {
      const ended = small.get(meta.partition);
      await letGo(this.#decider, this.#retention, meta, ended?.whole ? ended.items : undefined);
    }
  }

  async #note(place: string): Promise<void> {
    const { table } = this.#decider.ports;
    const key = archivePlaceKey(this.#decider.settings.namespace, this.#shard);
    const before = await table.get(key);
    if (before !== undefined && (before.data.place as string) >= place) return;
    const item = { ...key, version: (before?.version ?? 0) + 1, data: { place } };
    await table.put(item, before ? { version: before.version } : 'absent');
  }
}

async function all(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const read: Item[] = [];
  for await (const item of items) read.push(item);
  return read;
}

const createdAt = (fate: Fate): number => ('meta' in fate ? metaOf(fate.meta).createdAt : 0);
