import type { Ports } from '../ports/ports.ts';
import type { Item, Range } from '../ports/table.ts';
import type { Advanced, Decider } from './advance.ts';
import { advanceSafely, carryOutSafely, causesOf } from './fan-out.ts';
import { fromData, type PackData, runnerPartition, sortKeys } from './items.ts';
import { type AttemptName, keyOfAttempt } from './lost.ts';
import { pagesOf } from './pages.ts';
import type { EngineSettings } from './settings.ts';
import type { Stuck } from './stuck-runs.ts';

/** The first page is small: most often what is looked for is in a runner's last packs. */
const pageMin = 20;

/** What was read of one runner's mixed packs: all from some time on. */
interface Known {
  readonly byAttempt: Map<string, Item>;
  /** Sort keys of the oldest and the newest that were read. */
  first: string | undefined;
  last: string | undefined;
  /** All that are not older than this were read, epoch ms. */
  since: number;
}

/**
 * Mixed packs by the attempts that they report, each read once however many runs are looked into. What was written
 * since the last look is read with each.
 */
export class MixedPacks {
  readonly #ports: Pick<Ports, 'table'>;
  readonly #settings: EngineSettings;
  readonly #runners = new Map<string, Known>();
  /** One look at a time for each runner. */
  readonly #busy = new Map<string, Promise<unknown>>();

  constructor(ports: Pick<Ports, 'table'>, settings: EngineSettings) {
    this.#ports = ports;
    this.#settings = settings;
  }

  /** Those with any of these, oldest first. Takes out of `open` what it finds. `since`: none of them is older. */
  async with(
    owner: string,
    since: number,
    open: Map<string, AttemptName>,
  ): Promise<readonly Item[]> {
    const before = this.#busy.get(owner) ?? Promise.resolve();
    const mine = before.catch(() => undefined).then(() => this.#look(owner, since));
    this.#busy.set(owner, mine);
    const { byAttempt } = await mine;
    const found = new Map<string, Item>();
    for (const name of open.keys()) {
      const pack = byAttempt.get(name);
      if (pack === undefined) continue;
      open.delete(name);
      found.set(pack.sort, pack);
    }
    return [...found.values()].sort((a, b) => (a.sort < b.sort ? -1 : 1));
  }

  async #look(owner: string, since: number): Promise<Known> {
    let known = this.#runners.get(owner);
    if (known === undefined) {
      known = {
        byAttempt: new Map(),
        first: undefined,
        last: undefined,
        since: Number.POSITIVE_INFINITY,
      };
      this.#runners.set(owner, known);
    } else await this.#readNewer(owner, known);
    if (since < known.since) await this.#readOlder(owner, known, since);
    return known;
  }

  async #readNewer(owner: string, known: Known): Promise<void> {
    const from = known.last === undefined ? sortKeys.mixedPack : `${known.last}!`;
    for await (const items of pagesOf(this.#ports.table, { ...this.#range(owner), from }))
      for (const item of items) {
        add(known, item);
        known.first ??= item.sort;
        known.last = item.sort;
      }
  }

  async #readOlder(owner: string, known: Known, since: number): Promise<void> {
    const { to, ...range } = this.#range(owner);
    const back = { ...range, to: known.first ?? to, reverse: true, limit: pageMin };
    for await (const items of pagesOf(this.#ports.table, back))
      for (const item of items) {
        add(known, item);
        known.last ??= item.sort;
        known.first = item.sort;
        const { at = since } = fromData<PackData>(item.data);
        if (at >= since) continue;
        known.since = since;
        return;
      }
    known.since = Number.NEGATIVE_INFINITY;
  }

  #range(owner: string): Range & { readonly to: string } {
    const partition = runnerPartition(this.#settings.namespace, owner);
    return { partition, from: sortKeys.mixedPack, to: `${sortKeys.mixedPack}~` };
  }
}

function add({ byAttempt }: Known, item: Item): void {
  for (const row of fromData<PackData>(item.data).reports)
    byAttempt.set(keyOfAttempt(row as unknown as AttemptName), item);
}

/**
 * Of attempts that nobody answers for any more, those that their runner did not report either. What it did report in
 * packs of several runs is folded: a run knows of such a pack by the feed alone, and that may have lost it. `since`: when
 * these attempts were not reported yet.
 */
export async function unreported(
  decider: Decider,
  packs: MixedPacks,
  owner: string,
  since: number,
  attempts: readonly AttemptName[],
  stuck: Stuck[],
): Promise<readonly AttemptName[]> {
  const open = new Map(attempts.map((attempt) => [keyOfAttempt(attempt), attempt]));
  const found = await packs.with(owner, since, open);
  if (found.length === 0) return attempts;
  const runs = new Set(attempts.map(({ run }) => run));
  const advanced: Advanced[] = [];
  for (const [run, cause] of await causesOf(decider, found, stuck))
    if (runs.has(run)) advanced.push(...(await advanceSafely(decider, run, cause, stuck)));
  await carryOutSafely(decider, advanced, stuck);
  return [...open.values()];
}
