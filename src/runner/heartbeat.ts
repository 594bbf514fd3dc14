import { asData, type CountsRow, type HeldRow, heartbeatKey } from '../engine/items.ts';
import { mayPass } from '../engine/passing.ts';
import type { EngineSettings } from '../engine/settings.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ports } from '../ports/ports.ts';
import type { Condition, Item, Table } from '../ports/table.ts';
import type { Held } from './held.ts';
import type { Holdings } from './holdings.ts';
import { risingClock } from './rising-clock.ts';

export interface Heartbeat {
  /** Makes sure that the lease holds for a good while: before claims, also after a freeze. */
  fresh(): Promise<void>;
  /** Saves a heartbeat that lists what is held; false when it could not be saved. */
  beat(held: readonly Held[]): Promise<boolean>;
  /** Whether there is something to say: that something is held, or that nothing is any more. */
  isDue(held: readonly Held[]): boolean;
  /** Nothing is held any more, and nothing will be. */
  retire(): Promise<void>;
}

/** A runner's lease. What its heartbeat lists is its to answer for until the lease lapses. */
export function createHeartbeat(
  ports: Pick<Ports, 'table' | 'clock'>,
  settings: EngineSettings,
  runner: { readonly id: string; readonly pool: string; readonly slots: number },
  holdings: Pick<Holdings, 'list' | 'counts'>,
  rising: Pick<Clock, 'now'> = risingClock(ports.clock),
): Heartbeat {
  const key = heartbeatKey(settings, runner.id);
  const since = ports.clock.now();
  let leaseUntil = 0;
  let listed = 0;
  /** Version of the newest that was answered; 0: none was. */
  let last = 0;
  const put = async (rows: readonly HeldRow[], lease: number): Promise<void> => {
    const at = rising.now();
    const until = ports.clock.now() + lease;
    const { pool, slots } = runner;
    const { ended, servedMs, messages } = holdings.counts();
    const counts: CountsRow = [since, ended, servedMs, messages];
    const data = asData({ at, leaseUntil: until, pool, slots, holds: rows, counts });
    // The version tells a sweep whether the runner has beaten since it looked.
    if (!(await putNewer(ports.table, { ...key, version: at, data }, last))) return;
    last = Math.max(last, at);
    leaseUntil = until;
    listed = rows.length;
  };
  const beat = async (list: readonly Held[]): Promise<boolean> => {
    try {
      await put(rowsOf(list), settings.leaseMs);
      return true;
    } catch (error) {
      if (mayPass(error)) return false;
      throw error;
    }
  };
  return {
    beat,
    isDue: (held) => held.length > 0 || listed > 0,
    async fresh() {
      while (leaseUntil - ports.clock.now() < settings.leaseMs / 2) {
        if (!(await beat(holdings.list()))) await ports.clock.sleep(50);
      }
    },
    async retire() {
      await put([], 0).catch(() => undefined);
    },
  };
}

/**
 * One that was given up lands late or never: it must not take the place of a newer one, which lists other attempts.
 * `last`: the version that was answered last, 0 for none. False: a newer one lies there.
 */
async function putNewer(table: Pick<Table, 'put'>, item: Item, last: number): Promise<boolean> {
  let condition: Condition = last === 0 ? 'absent' : { version: last };
  for (;;) {
    const result = await table.put(item, condition);
    if (result.done) return true;
    // One that was not answered has landed, or a sweep has removed the last.
    const { found } = result;
    if (found !== undefined && found.version > item.version) return false;
    condition = found === undefined ? 'absent' : { version: found.version };
  }
}

/** What is told of steps may take so much; beyond it none is told, since the lease may not fail for it. */
const beatsBytesMax = 64 * 1024;
const beatBytes = 80;

function rowsOf(list: readonly Held[]): readonly HeldRow[] {
  let bytes = 0;
  for (const { beat } of list) if (beat) bytes += beatBytes + (beat.step?.length ?? 0) * 3;
  if (bytes <= beatsBytesMax) return list.map(rowOf);
  return list.map((held) => rowOf({ ...held, beat: undefined }));
}

function rowOf(held: Held): HeldRow {
  const { beat } = held;
  const step = beat && {
    ...(beat.step !== undefined && { step: beat.step }),
    ...(beat.stepAt !== undefined && { stepAt: beat.stepAt }),
    ...(beat.progress !== undefined && { progress: beat.progress }),
  };
  return [held.run, held.task, held.attempt, held.since, step ?? null];
}
