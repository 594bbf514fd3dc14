import type { Clock } from '../../../src/ports/clock.ts';
import type { Ids } from '../../../src/ports/ids.ts';
import type { Random } from '../../../src/ports/random.ts';
import { epoch, type Kernel } from './kernel.ts';
import { mix, Stream, unit } from './random.ts';

/** What of a life its own clock, ids and chance need. */
export interface Bearer {
  readonly kernel: Kernel;
  readonly name: string;
  readonly hash: number;
  /** How far its clock is ahead, in ms. */
  skewMs: number;
  /** Calls back when it can: later when it stands still, never when it is dead. */
  settle(ms: number, call: () => void): void;
}

export function clockOf(bearer: Bearer): Clock {
  return {
    now: () => epoch + Math.floor(bearer.kernel.time + bearer.skewMs),
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) resolve();
        else if (signal === undefined) bearer.settle(ms, resolve);
        else {
          const sleepers = sleepersOf(signal, bearer);
          sleepers.add(resolve);
          bearer.settle(ms, () => {
            sleepers.delete(resolve);
            resolve();
          });
        }
      }),
  };
}

const sleepersBySignal = new WeakMap<AbortSignal, Set<() => void>>();

/** Who sleeps until a signal: it has one listener for all of them, as listeners cost more than all else in a sleep. */
function sleepersOf(signal: AbortSignal, bearer: Bearer): Set<() => void> {
  let sleepers = sleepersBySignal.get(signal);
  if (sleepers === undefined) {
    const all = new Set<() => void>();
    const wake = () => {
      for (const resolve of all) bearer.settle(0, resolve);
      all.clear();
    };
    signal.addEventListener('abort', wake, { once: true });
    sleepersBySignal.set(signal, all);
    sleepers = all;
  }
  return sleepers;
}

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

function digits(value: number, length: number): string {
  let rest = value;
  let text = '';
  for (let i = 0; i < length; i++) {
    text = ALPHABET[rest % 32] + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

/** ULIDs by the bearer's own clock; they rise also when that clock goes back. */
export function idsOf(bearer: Bearer, clock: Clock): Ids {
  const own = digits(Math.floor(unit(bearer.hash) * 32 ** 4), 4) + digits(bearer.hash >>> 0, 7);
  let last = 0;
  let count = 0;
  let prefix = '';
  return {
    next() {
      const now = Math.max(last, clock.now());
      if (now !== last) {
        prefix = digits(now, 10);
        last = now;
        count = Math.floor(unit(mix(bearer.hash, now | 0)) * 1000);
      }
      return prefix + digits(count++, 5) + own;
    },
  };
}

export function randomOf(bearer: Bearer): Random {
  const stream = new Stream(bearer.kernel.options.seed, `random ${bearer.name}`);
  return { next: () => stream.next() };
}
