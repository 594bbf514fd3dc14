import {
  type CapacitySettings,
  type CapacityState,
  decideCapacity,
  type KnownWork,
} from '../core/capacity.ts';
import { noEstimates, serviceMs } from '../core/capacity-estimates.ts';
import { type LoadState, loadFrom, type PoolSight } from '../core/capacity-load.ts';
import type { Item } from '../ports/table.ts';
import type { Decider } from './advance.ts';
import { queueOf } from './dispatch.ts';
import { expectedWork } from './expected-work.ts';
import { type Beating, heldBeats } from './held-beats.ts';
import { asData, capacityKey, fromData } from './items.ts';
import { continueTicks } from './scale-ticks.ts';

/** Pools whose runners somebody has to start and stop, with what is declared of them. */
export type ScaledPools = Readonly<Record<string, CapacitySettings>>;

export interface PoolDecision {
  readonly pool: string;
  readonly runners: number;
  readonly wanted: number;
  readonly why: string;
  /** There is something to do, or there was a moment ago: it is to be looked at again soon. */
  readonly busy: boolean;
}

export interface PoolFailure {
  readonly pool: string;
  readonly error: unknown;
}

export interface Scaled {
  readonly decisions: readonly PoolDecision[];
  readonly failures: readonly PoolFailure[];
}

interface Remembered {
  readonly capacity: CapacityState;
  readonly load: LoadState;
  readonly runners: number;
  readonly why: string;
}

/**
 * Decides once for each pool how many runners it wants, from what the engine itself counts, and asks for them. Saved
 * first, then asked for: of two that decide at once one does, and what was saved and not asked for the next one asks for.
 *
 * `tick`: the name of the message that led here, if one did; as long as there is work, another follows it.
 */
export async function scale(decider: Decider, pools: ScaledPools, tick?: string): Promise<Scaled> {
  const beating = await heldBeats(decider);
  const names = Object.keys(pools);
  const remembered = await Promise.all(names.map((pool) => recall(decider, pool)));
  const meanMs = meansOf(names, remembered, pools);
  const coming = await expectedWork(decider, beating, new Set(names), meanMs);
  const decided = await Promise.all(
    names.map(async (pool, i): Promise<PoolDecision | PoolFailure> => {
      const settings = pools[pool] as CapacitySettings;
      const own = beating.filter(({ beat }) => beat.pool === pool);
      const known = coming.get(pool) ?? [];
      return decidePool({ decider, pool, settings, own, known, item: remembered[i] }).catch(
        (error: unknown) => ({ pool, error }),
      );
    }),
  );
  const decisions = decided.filter((one) => 'runners' in one);
  const failures = decided.filter((one) => 'error' in one);
  // A pool that could not be looked at may be busy.
  const busy = failures.length > 0 || decisions.some((one) => one.busy);
  await continueTicks(decider.ports, decider.settings, tick, busy);
  return { decisions, failures };
}

const recall = ({ ports, settings }: Decider, pool: string): Promise<Item | undefined> =>
  ports.table.get(capacityKey(settings.namespace, pool));

/** How long tasks take in each pool, as far as it is known. */
function meansOf(
  names: readonly string[],
  remembered: readonly (Item | undefined)[],
  pools: ScaledPools,
): (pool: string) => number {
  const means = new Map(
    names.map((pool, i) => {
      const item = remembered[i];
      const estimates = item ? fromData<Remembered>(item.data).capacity.estimates : noEstimates;
      return [pool, serviceMs(estimates, 0, (pools[pool] as CapacitySettings).serviceMsGuess)];
    }),
  );
  return (pool) => means.get(pool) ?? otherPoolsMs;
}

/** What tasks are taken to last in pools that size themselves. */
const otherPoolsMs = 10_000;

interface ToDecide {
  readonly decider: Decider;
  readonly pool: string;
  readonly settings: CapacitySettings;
  readonly own: readonly Beating[];
  readonly known: readonly KnownWork[];
  readonly item: Item | undefined;
}

async function decidePool(asked: ToDecide): Promise<PoolDecision> {
  const { decider, pool, settings, own, known, item } = asked;
  const { ports } = decider;
  const [depth, size] = await Promise.all([
    ports.queue.depth(queueOf(pool)),
    ports.provisioner.read(pool),
  ]);
  const now = ports.clock.now();
  const before = item && fromData<Remembered>(item.data);
  const sight: PoolSight = {
    messagesWaiting: depth.waiting,
    messagesTaken: depth.inFlight,
    held: own.flatMap(({ beat }) => beat.holds.map(([, , , since]) => since)),
    runners: own.map(countsOf),
    ...size,
  };
  const { load, state } = loadFrom(before?.load, sight, now);
  const decision = decideCapacity(settings, before?.capacity, { ...load, known }, now);
  const { runners, why } = decision;
  const data = asData({ capacity: decision.state, load: state, runners, why } satisfies Remembered);
  const key = capacityKey(decider.settings.namespace, pool);
  const version = (item?.version ?? 0) + 1;
  const condition = item === undefined ? 'absent' : { version: item.version };
  const { done } = await ports.table.put({ ...key, version, data }, condition);
  // Who was first decides.
  if (done && runners !== size.wanted) await ports.provisioner.set(pool, runners);
  const busy = load.waiting + load.running + known.length > 0 || runners > settings.runnersMin;
  return { pool, runners, wanted: size.wanted, why, busy };
}

function countsOf({ id, beat }: Beating) {
  const [since, ended, servedMs, messages] = beat.counts ?? [0, 0, 0, 0];
  return { id, since, ended, servedMs, messages };
}
