import type { Clock } from '../../ports/clock.ts';
import type { Feed, FeedHandler, Item } from '../../ports/table.ts';
import type { FeedFile, FeedGroup } from './feed-file.ts';

/** A batch waits for its handler, so what came meanwhile makes the next one larger. */
const BATCH_MAX = 1000;
/** Beyond so many waiting items, further ones stay in the file until there is room. */
const HELD_MAX = 20_000;
const GROUPS_PER_LOAD = 16;
/** For how long inserts without hurry wait for company. */
const UNHURRIED_MS = 5;
const RETRY_MS_MIN = 50;
const RETRY_MS_MAX = 30_000;

interface Pending {
  readonly seq: number;
  /** Deliveries that are not handled. */
  left: number;
}

interface Delivery {
  readonly item: Item;
  readonly pending: Pending;
}

interface Batch {
  readonly deliveries: readonly Delivery[];
  readonly tries: number;
}

interface Subscription {
  readonly prefixes: readonly string[];
  readonly handler: FeedHandler;
  waiting: Delivery[];
  /** Refused ones whose time has come. */
  readonly again: Batch[];
  /** Refused ones that wait for their time. */
  readonly refused: Set<Batch>;
  /** Resolves when the batch at hand is done. */
  work: Promise<void> | undefined;
  stopped: boolean;
}

export interface FeedHubOptions {
  readonly file: FeedFile;
  readonly clock: Clock;
  /** A group was handled: the file should be told before long. */
  readonly onHandled: () => void;
  /** Hears why a handler refused a batch. */
  readonly onRefused: (error: unknown) => void;
}

/**
 * Hands inserts to their subscriptions, each item to every subscription that asks for it at that time, in batches, one
 * at a time. Those that nobody asks for wait for somebody who does. Of a refused batch each half comes again by
 * itself, later and later, so that an item that is always refused soon holds up nothing but itself.
 */
export class FeedHub implements Feed {
  readonly #options: FeedHubOptions;
  readonly #subscriptions = new Set<Subscription>();
  readonly #closing = new AbortController();
  #unclaimed: Delivery[] = [];
  #held = 0;
  /** Up to here, groups were taken from the file or from those who wrote them. */
  #lastSeq = 0;
  /** The file holds groups that are not here. */
  #behind = true;
  #late: NodeJS.Timeout | undefined;

  constructor(options: FeedHubOptions) {
    this.#options = options;
  }

  subscribe(prefixes: readonly string[], handler: FeedHandler): () => Promise<void> {
    this.#check(prefixes);
    const subscription: Subscription = {
      prefixes: [...prefixes],
      handler,
      waiting: [],
      again: [],
      refused: new Set(),
      work: undefined,
      stopped: false,
    };
    this.#subscriptions.add(subscription);
    const unclaimed = this.#unclaimed;
    this.#unclaimed = [];
    for (const delivery of unclaimed)
      if (wants(subscription, delivery.item)) this.#give(subscription, delivery);
      else this.#unclaimed.push(delivery);
    setImmediate(() => this.#refill());
    return () => this.#stop(subscription);
  }

  /** Takes what was just written. Those who wrote it are answered before it is handed on. */
  offer(groups: readonly FeedGroup[]): void {
    if (this.#behind) return;
    for (const group of groups) this.#admit(group);
    const unhurried = groups.every((group) => group.unhurried);
    if (unhurried) this.#late ??= setTimeout(() => this.#pumpAll(), UNHURRIED_MS);
    else setImmediate(() => this.#pumpAll());
  }

  /** Resolves when no handler is at work any more. */
  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#late);
    await Promise.all([...this.#subscriptions].map((subscription) => this.#stop(subscription)));
  }

  #check(prefixes: readonly string[]): void {
    const durable = this.#options.file.prefixes;
    for (const prefix of prefixes)
      if (!durable.some((one) => prefix.startsWith(one)))
        throw new TypeError(`the store was not opened with the feed prefix ${prefix}`);
  }

  #admit(group: FeedGroup): void {
    this.#lastSeq = group.seq;
    const pending = { seq: group.seq, left: group.items.length };
    if (pending.left === 0) this.#handled(pending.seq);
    for (const item of group.items) this.#claim({ item, pending });
    if (this.#held > HELD_MAX) this.#behind = true;
  }

  #claim(delivery: Delivery): void {
    let claims = 0;
    for (const subscription of this.#subscriptions)
      if (wants(subscription, delivery.item)) {
        this.#give(subscription, delivery);
        claims++;
      }
    if (claims === 0) this.#unclaimed.push(delivery);
    else delivery.pending.left += claims - 1;
  }

  #give(subscription: Subscription, delivery: Delivery): void {
    subscription.waiting.push(delivery);
    this.#held++;
  }

  #refill(): void {
    if (this.#closing.signal.aborted || this.#subscriptions.size === 0) return;
    while (this.#behind && this.#held < HELD_MAX / 2) {
      const groups = this.#options.file.load(this.#lastSeq, GROUPS_PER_LOAD);
      if (groups.length === 0) this.#behind = false;
      for (const group of groups) this.#admit(group);
    }
    this.#pumpAll();
  }

  #pumpAll(): void {
    clearTimeout(this.#late);
    this.#late = undefined;
    for (const subscription of this.#subscriptions) this.#pump(subscription);
  }

  #pump(subscription: Subscription): void {
    if (subscription.stopped || subscription.work !== undefined) return;
    const batch = nextBatch(subscription);
    if (batch === undefined) return;
    subscription.work = this.#deliver(subscription, batch).finally(() => {
      subscription.work = undefined;
      this.#pump(subscription);
      if (this.#behind) this.#refill();
    });
  }

  async #deliver(subscription: Subscription, batch: Batch): Promise<void> {
    try {
      await subscription.handler(batch.deliveries.map(({ item }) => item));
    } catch (error) {
      this.#options.onRefused(error);
      this.#retry(subscription, batch);
      return;
    }
    this.#held -= batch.deliveries.length;
    for (const { pending } of batch.deliveries)
      if (--pending.left === 0) this.#handled(pending.seq);
  }

  #handled(seq: number): void {
    this.#options.file.handled(seq);
    this.#options.onHandled();
  }

  #retry(subscription: Subscription, { deliveries, tries }: Batch): void {
    const middle = Math.ceil(deliveries.length / 2);
    for (const half of [deliveries.slice(0, middle), deliveries.slice(middle)])
      if (half.length > 0)
        void this.#bringAgain(subscription, { deliveries: half, tries: tries + 1 });
  }

  async #bringAgain(subscription: Subscription, batch: Batch): Promise<void> {
    subscription.refused.add(batch);
    const ms = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** (batch.tries - 1));
    if (!subscription.stopped) await this.#options.clock.sleep(ms, this.#closing.signal);
    if (!subscription.refused.delete(batch)) return;
    if (subscription.stopped) this.#unclaim(batch.deliveries);
    else subscription.again.push(batch);
    this.#pump(subscription);
  }

  async #stop(subscription: Subscription): Promise<void> {
    subscription.stopped = true;
    this.#subscriptions.delete(subscription);
    await subscription.work;
    const { waiting, again, refused } = subscription;
    subscription.waiting = [];
    this.#unclaim(waiting);
    for (const batch of [...again.splice(0), ...refused]) this.#unclaim(batch.deliveries);
    refused.clear();
  }

  #unclaim(deliveries: readonly Delivery[]): void {
    this.#held -= deliveries.length;
    for (const delivery of deliveries) this.#unclaimed.push(delivery);
  }
}

const wants = ({ prefixes }: Subscription, { sort }: Item): boolean =>
  prefixes.some((prefix) => sort.startsWith(prefix));

function nextBatch(subscription: Subscription): Batch | undefined {
  const again = subscription.again.shift();
  if (again !== undefined) return again;
  if (subscription.waiting.length === 0) return undefined;
  const deliveries = subscription.waiting.slice(0, BATCH_MAX);
  subscription.waiting = subscription.waiting.slice(BATCH_MAX);
  return { deliveries, tries: 0 };
}
