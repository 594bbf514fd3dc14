import type { Host } from '../../src/adapters/memory/host.ts';
import { TimeHeap } from '../../src/adapters/memory/time-heap.ts';
import type { Clock } from '../../src/ports/clock.ts';

/** Time that passes only when it is told to; between two timers, everything that can go on does. */
export interface VirtualTime {
  readonly host: Host;
  readonly clock: Clock;
  /** Lets time pass up to then. */
  passTo(at: number): Promise<void>;
}

/** Code goes on by promises, some of which take turns of the event loop. */
const turns = 3;

export function virtualTime(start: number): VirtualTime {
  const timers = new TimeHeap<() => void>();
  let now = start;
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  const host: Host = {
    now: () => now,
    after: (ms, call) => timers.push(now + Math.max(0, ms), call),
  };
  const clock: Clock = {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        signal?.addEventListener('abort', () => resolve());
        host.after(ms, resolve);
      }),
  };
  return {
    host,
    clock,
    async passTo(at) {
      await settle();
      while (timers.nextAt <= at) {
        now = Math.max(now, timers.nextAt);
        const due = timers.nextAt;
        while (timers.nextAt <= due) timers.pop()?.();
        await settle();
      }
      now = at;
    },
  };
}
