import type { IndexEntry, IndexName, Item, Key } from '../../ports/table.ts';
import type { Host } from './host.ts';
import { type Cut, type Slice, SortedList } from './sorted-list.ts';
import { TimeHeap } from './time-heap.ts';

interface Shown {
  readonly sort: string;
  readonly tie: string;
  readonly item: Item;
}

interface Change {
  readonly primary: string;
  readonly revision: number;
  readonly entry: IndexEntry | undefined;
  readonly item: Item | undefined;
}

interface Known {
  readonly revision: number;
  readonly entry: IndexEntry | undefined;
}

/** One named index: it shows changes late, each after its own delay, but never an older one over a newer. */
export class LateIndex {
  readonly #host: Host;
  readonly #partitions = new Map<string, SortedList<Shown>>();
  readonly #known = new Map<string, Known>();
  readonly #coming = new TimeHeap<Change>();
  #revision = 0;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Shows, after `lagMs`, the item that lies under the key now; undefined: none. */
  change(key: Key, item: Item | undefined, name: IndexName, lagMs: number): void {
    const primary = `${key.partition}\u0000${key.sort}`;
    const entry = item?.indexes?.[name];
    const change: Change = { primary, revision: ++this.#revision, entry, item };
    if (lagMs <= 0) this.#show(change);
    else this.#coming.push(this.#host.now() + lagMs, change);
  }

  slice(partition: string, cut: Cut): Slice<{ readonly item: Item }> {
    while (this.#coming.nextAt <= this.#host.now()) this.#show(this.#coming.pop() as Change);
    const shown = this.#partitions.get(partition);
    return shown?.slice(cut, () => true) ?? { entries: [], next: undefined };
  }

  #show({ primary, revision, entry, item }: Change): void {
    const known = this.#known.get(primary);
    if (known !== undefined && known.revision > revision) return;
    if (known?.entry)
      this.#partitions.get(known.entry.partition)?.delete(known.entry.sort, primary);
    this.#known.set(primary, { revision, entry });
    if (entry === undefined || item === undefined) return;
    let partition = this.#partitions.get(entry.partition);
    if (partition === undefined) {
      partition = new SortedList();
      this.#partitions.set(entry.partition, partition);
    }
    partition.set({ sort: entry.sort, tie: primary, item });
  }
}
