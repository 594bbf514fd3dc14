import type { FeedStore } from '../../../src/adapters/memory/feed.ts';
import type { TableStore } from '../../../src/adapters/memory/table-store.ts';
import type { Item, Key } from '../../../src/ports/table.ts';
import type { Kernel } from './kernel.ts';

/**
 * What a table that lives in a process has answered and not made durable yet: relaxed puts, and which records of the feed
 * were handled, in the order in which they came. Any put that is not relaxed, and not refused, makes all of it durable.
 */
export class Unsynced {
  readonly #kernel: Kernel;
  readonly #undo: (() => void)[] = [];
  /** Hears of what lies in the table again, when that was lost which came after; undefined: nothing does. */
  onLost: (key: Key, before: Item | undefined) => void = () => {};

  constructor(kernel: Kernel, table: TableStore, feed: FeedStore) {
    this.#kernel = kernel;
    table.onChange((after, before, relaxed) => {
      if (!relaxed || after === undefined) this.sync();
      else
        this.#undo.push(() => {
          table.restore(after, before);
          const { trace, time } = kernel;
          if (trace.lines)
            trace.line(time, 'disk', `LOSES ${after.sort} ${after.version} of ${after.partition}`);
          kernel.counters.add('a relaxed put was lost');
          this.onLost(after, before);
        });
    });
    feed.onHandled = (again) => {
      this.#undo.push(again);
    };
  }

  sync(): void {
    this.#undo.length = 0;
  }

  /** The process died: what came last may be gone, down to all of it. */
  lose(): void {
    const { luck, time } = this.#kernel;
    const count = this.#undo.length;
    if (count > 0 && luck.strikes('unsynced-lost', '', time)) {
      const kept = Math.floor(luck.draw('unsynced') * count);
      for (const undo of this.#undo.splice(kept).reverse()) undo();
    }
    this.sync();
  }
}
