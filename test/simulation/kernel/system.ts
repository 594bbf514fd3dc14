import {
  type MemorySystem,
  memoryPorts,
  memorySystem,
} from '../../../src/adapters/memory/system.ts';
import type { Ports } from '../../../src/ports/ports.ts';
import { Unavailable } from '../../../src/ports/table.ts';
import type { Kernel } from './kernel.ts';
import type { Life } from './life.ts';

const pickOf = (kernel: Kernel, fault: 'queue-shuffled' | 'feed-shuffled') => (count: number) =>
  count > 1 && kernel.luck.strikes(fault, '', kernel.time)
    ? Math.floor(kernel.luck.draw(fault) * count)
    : 0;

const PAGE_CUT_MAX = 6;
const RETRY_MS = 500;
const BATCH_MAX = 100;
/** A stream gives a record up only after long; see the retention of streams and the retries of event sources. */
const DISCARD_TRIES = 3;

/** A memory system whose servers run on the kernel's time, and whose faults are the kernel's luck. */
export function simulatedSystem(kernel: Kernel): MemorySystem {
  const { luck } = kernel;
  const strikes = (fault: Parameters<typeof luck.strikes>[0], place = '') =>
    luck.strikes(fault, place, kernel.time);
  const late = (label: string, max: number, power = 4) => luck.draw(label) ** power * max;
  const host = { now: kernel.now, after: kernel.after };
  return memorySystem(
    host,
    {
      table: {
        indexLagMs: () => (strikes('index-late') ? late('index lag', 8_000) : 0),
        expiryLagMs: () => (strikes('expiry-late') ? late('expiry lag', 86_400_000) : 0),
        pageMax: () =>
          strikes('page-cut')
            ? 1 + Math.floor(luck.draw('page') * PAGE_CUT_MAX)
            : Number.POSITIVE_INFINITY,
      },
      queue: {
        delayMs: (queue) => (strikes('queue-late', queue) ? late('queue delay', 30_000) : 0),
        pick: pickOf(kernel, 'queue-shuffled'),
        doubled: (queue) => strikes('queue-doubled', queue),
        keepsRemoved: (queue) => strikes('queue-kept', queue),
        loses: (queue) => strikes('queue-lost', queue),
      },
      // In some worlds so few that messages nobody has claimed die, too.
      receivesMax: luck.draw('receives') < 0.3 ? 2 : 5,
      feed: {
        delayMs: () => 1 + (strikes('feed-late') ? late('feed delay', 60_000) : 0),
        retryMs: () => RETRY_MS * (0.2 + 4 * luck.draw('feed retry')),
        batch: (waiting) => Math.min(waiting, 1 + Math.floor(luck.draw('batch') ** 2 * BATCH_MAX)),
        pick: pickOf(kernel, 'feed-shuffled'),
        again: (size) => (strikes('feed-again') ? Math.ceil(luck.draw('again') * size) : 0),
        discards: (tries) => tries >= DISCARD_TRIES && strikes('feed-discarded'),
      },
    },
    (reason) => {
      if (reason instanceof Unavailable) kernel.counters.add('a batch was refused');
      else
        kernel.violate(
          'exception',
          `feed handler: ${reason instanceof Error ? (reason.stack ?? reason.message) : reason}`,
        );
    },
  );
}

/** The ports of one life to a simulated system. */
export const portsOf = (system: MemorySystem, life: Life, feedGroup?: string): Ports =>
  memoryPorts(system, {
    clock: life.clock,
    ids: life.ids,
    random: life.random,
    gate: life,
    ...(feedGroup !== undefined && { feedGroup }),
  });

/** What a kernel's run came to, for the report of a scenario. */
export const reportOf = (kernel: Kernel, parts: readonly string[] = []) => ({
  seed: kernel.options.seed,
  violation: kernel.violation,
  events: kernel.events,
  time: kernel.time,
  digest: kernel.trace.digest,
  counters: kernel.counters,
  parts: [...parts, ...kernel.luck.parts],
  trace: kernel.trace.lines,
});
