import type { Feed, FeedHandler, Item } from '../../ports/table.ts';
import { handedOut } from './frozen.ts';
import { type Gate, openGate } from './gate.ts';
import type { Host } from './host.ts';

/** What a change feed may do to its subscribers, within its promises. */
export interface FeedLuck {
  /** After how many ms an insert can be delivered. */
  delayMs(): number;
  /** After how many ms what was not handled comes again. */
  retryMs(): number;
  /** How many of `waiting` records come in the next batch: at least 1. */
  batch(waiting: number): number;
  /** Which of `count` comes next: 0 is the oldest. */
  pick(count: number): number;
  /** How many of a batch of `size` that was handled well come again all the same. */
  again(size: number): number;
  /** Whether a record that was refused `tries` times is dropped for good: what a stream does after many. */
  discards(tries: number): boolean;
}

/** In order, at once, each once. */
export const calmFeed: FeedLuck = {
  delayMs: () => 0,
  retryMs: () => 20,
  batch: (waiting) => Math.min(waiting, 100),
  pick: () => 0,
  again: () => 0,
  discards: () => false,
};

interface Delivery {
  readonly item: Item;
  tries: number;
}

interface Member {
  readonly handler: FeedHandler;
  busy: boolean;
  /** Tells who stops it that the batch at hand is done. */
  rested: () => void;
}

/** Those who share the work of one subscription: each record goes to any one of them. */
class Group {
  readonly prefixes: readonly string[];
  readonly members = new Set<Member>();
  readonly waiting: Delivery[] = [];

  constructor(prefixes: readonly string[]) {
    this.prefixes = prefixes;
  }
}

/** A table's inserts on their way to those who asked for them. */
export class FeedStore {
  readonly #host: Host;
  readonly #luck: FeedLuck;
  readonly #groups = new Map<string, Group>();
  readonly #onRefused: (reason: unknown) => void;
  /** Hears of each batch that was handled, and how to have it come again: what was handled may be forgotten. */
  onHandled: (again: () => void) => void = () => {};
  #anonymous = 0;

  /** `onRefused` hears why a handler threw. */
  constructor(
    host: Host,
    luck: FeedLuck = calmFeed,
    onRefused: (reason: unknown) => void = () => {},
  ) {
    this.#host = host;
    this.#luck = luck;
    this.#onRefused = onRefused;
  }

  insert(item: Item): void {
    for (const group of this.#groups.values())
      if (group.prefixes.some((prefix) => item.sort.startsWith(prefix)))
        this.#offerAfter(this.#luck.delayMs(), group, { item, tries: 0 });
  }

  /**
   * From now on, keeps inserts for the group, also while it has no member: what one that died had not handled is for
   * the next.
   */
  group(name: string, prefixes: readonly string[]): string {
    if (!this.#groups.has(name)) this.#groups.set(name, new Group(prefixes));
    return name;
  }

  /** A group for one subscriber alone. */
  alone(prefixes: readonly string[]): string {
    return this.group(`alone-${++this.#anonymous}`, prefixes);
  }

  /** `drop`: the member died. `stop` resolves once the batch at hand is done. */
  join(name: string, handler: FeedHandler): { drop(): void; stop(): Promise<void> } {
    const group = this.#groups.get(name);
    if (group === undefined) throw new Error(`the feed has no group ${name}`);
    const member: Member = { handler, busy: false, rested: () => {} };
    group.members.add(member);
    this.#pump(group);
    const leave = () => {
      group.members.delete(member);
    };
    return {
      drop: leave,
      stop: () => {
        leave();
        if (!member.busy) return Promise.resolve();
        return new Promise((resolve) => {
          member.rested = resolve;
        });
      },
    };
  }

  /** How many records wait for members of the group. */
  backlog(name: string): number {
    return this.#groups.get(name)?.waiting.length ?? 0;
  }

  #offerAfter(ms: number, group: Group, delivery: Delivery): void {
    this.#host.after(ms, () => {
      group.waiting.push(delivery);
      this.#pump(group);
    });
  }

  #pump(group: Group): void {
    for (;;) {
      if (group.waiting.length === 0) return;
      const idle = [...group.members].filter((member) => !member.busy);
      const member = idle[idle.length > 1 ? this.#luck.pick(idle.length) : 0];
      if (member === undefined) return;
      const batch: Delivery[] = [];
      const size = this.#luck.batch(group.waiting.length);
      while (batch.length < size && group.waiting.length > 0)
        batch.push(...group.waiting.splice(this.#luck.pick(group.waiting.length), 1));
      void this.#deliver(group, member, batch);
    }
  }

  async #deliver(group: Group, member: Member, batch: readonly Delivery[]): Promise<void> {
    member.busy = true;
    const items = batch.map(({ item }) => handedOut(item));
    const handled = await this.#handles(member, items);
    member.busy = false;
    member.rested();
    if (handled) {
      this.#repeat(group, batch);
      this.onHandled(() => {
        for (const { item } of batch) this.#offerAfter(0, group, { item, tries: 0 });
      });
    } else this.#retry(group, batch);
    this.#pump(group);
  }

  async #handles(member: Member, items: readonly Item[]): Promise<boolean> {
    try {
      await member.handler(items);
      return true;
    } catch (error) {
      if (!(error instanceof HandlerDied)) this.#onRefused(error);
      return false;
    }
  }

  #repeat(group: Group, batch: readonly Delivery[]): void {
    const count = this.#luck.again(batch.length);
    for (const { item } of batch.slice(0, count))
      this.#offerAfter(this.#luck.retryMs(), group, { item, tries: 0 });
  }

  #retry(group: Group, batch: readonly Delivery[]): void {
    const ms = this.#luck.retryMs();
    for (const delivery of batch) {
      delivery.tries++;
      if (!this.#luck.discards(delivery.tries)) this.#offerAfter(ms, group, delivery);
    }
  }
}

/** One caller's way to the feed. In a group, callers share the records; without, each gets all of them. */
export function memoryFeed(store: FeedStore, gate: Gate = openGate, group?: string): Feed {
  return {
    subscribe(prefixes, handler) {
      const name = group === undefined ? store.alone(prefixes) : store.group(group, prefixes);
      const about = (items: readonly Item[]) => items.map((item) => item.sort);
      const member = store.join(name, (items) =>
        orDeath(gate, async () => {
          await gate.pass('feed.batch', () => undefined, about(items));
          await handler(items);
          await gate.pass('feed.done', () => undefined, about(items));
        }),
      );
      gate.onDeath(() => member.drop());
      return () => member.stop();
    },
  };
}

class HandlerDied extends Error {}

/** Who dies at work never answers: that is seen from outside, as a failure. */
function orDeath(gate: Gate, work: () => Promise<void>): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const forget = gate.onDeath(() => reject(new HandlerDied()));
    work().then(resolve, reject).finally(forget);
  });
}
