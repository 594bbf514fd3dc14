import {
  type CapacityEstimates,
  type Counts,
  estimated,
  noEstimates,
  serviceMs,
} from './capacity-estimates.ts';
import { type Hold, heldRunners, withHold } from './capacity-hold.ts';
import { slotsFor } from './capacity-slots.ts';

/** What is declared of a pool. */
export interface CapacitySettings {
  readonly runnersMin: number;
  readonly runnersMax: number;
  /** Attempts that one runner runs at once. */
  readonly slots: number;
  /** From asking for a runner until it takes its first task. */
  readonly startUpMs: number;
  /** How long a ready task may wait. */
  readonly acceptableMs: number;
  /** What a task takes, as long as too few have ended to tell. */
  readonly serviceMsGuess: number;
  /** What the cloud grants: so many launches at once, and so many more each second. */
  readonly launches: { readonly burst: number; readonly perSecond: number };
  /** A runner is billed for at least so long. */
  readonly billedMsMin: number;
  /** In one currency: an hour of a runner, and an hour by which a runner's worth of tasks is late. */
  readonly price: { readonly runnerHour: number; readonly lateHour: number };
}

/** What is counted of a pool; `arrived`, `ended` and `servedMs` since the last decision. */
export interface PoolLoad extends Counts {
  readonly waiting: number;
  /** How long the oldest has waited. */
  readonly oldestMs: number;
  readonly running: number;
  /** How long those that run have run so far, together. */
  readonly runningMs: number;
  /** Runners that take tasks, and runners that were asked for and do not yet. Those that drain are neither. */
  readonly ready: number;
  readonly starting: number;
  /** Slots of schedules, and levels whose predecessors run. What has come is no longer known to come. */
  readonly known: readonly KnownWork[];
}

export interface KnownWork {
  /** When it is expected, epoch ms. */
  readonly at: number;
  readonly tasks: number;
  readonly serviceMs?: number;
}

/** What one decision leaves to the next. JSON can hold it; when it is lost, deciding starts anew. */
export interface CapacityState {
  readonly at: number;
  readonly estimates: CapacityEstimates;
  readonly holds: readonly Hold[];
  /** Launches that the quota still grants. */
  readonly launches: number;
}

export interface CapacityDecision {
  readonly runners: number;
  /** What drove it, in words. */
  readonly why: string;
  readonly state: CapacityState;
}

/** The share of tasks that may wait longer than is acceptable, when they come by chance. */
const LATE_SHARE = 0.01;

/**
 * Decides how many runners a pool wants at `now`, epoch ms. It may be asked at any time: the more often, the sooner it
 * sees; best at once when work comes to a pool without runners.
 */
export function decideCapacity(
  settings: CapacitySettings,
  state: CapacityState | undefined,
  counted: PoolLoad,
  now: number,
): CapacityDecision {
  const load = plausible(counted);
  const { launches } = settings;
  const before = state ?? { at: now, estimates: noEstimates, holds: [], launches: launches.burst };
  const sinceMs = Math.max(0, now - before.at);
  const estimates = estimated(before.estimates, load, sinceMs);
  const needs = needed(settings, estimates, load, now, sinceMs);
  const have = load.ready + load.starting;
  const holds = withHold(
    withHold(before.holds, { runners: needs.steady, until: now + keepMs(settings) }, now),
    { runners: needs.runners, until: now + stayMs(settings, needs.runners > have, sinceMs) },
    now,
  );
  const kept = { runners: heldRunners(holds, now), why: 'kept, as a new start would cost more' };
  const granted = Math.min(launches.burst, before.launches + (sinceMs / 1000) * launches.perSecond);
  const bounded = within(
    settings,
    have + Math.floor(granted),
    needs.runners >= kept.runners ? needs : kept,
  );
  return {
    ...bounded,
    state: {
      at: now,
      estimates,
      holds,
      launches: Math.max(0, granted - Math.max(0, bounded.runners - have)),
    },
  };
}

interface Wish {
  readonly runners: number;
  readonly why: string;
}

/** Launch quota, maximum and minimum, of which each overrules the ones before. */
function within(
  { runnersMin, runnersMax }: CapacitySettings,
  launchable: number,
  wish: Wish,
): Wish {
  const wanted = `${wish.runners} wanted: ${wish.why}`;
  const launched: Wish =
    wish.runners > launchable ? { runners: launchable, why: `the launch quota; ${wanted}` } : wish;
  if (launched.runners > runnersMax) return { runners: runnersMax, why: `the maximum; ${wanted}` };
  if (launched.runners < runnersMin) return { runners: runnersMin, why: `the minimum; ${wanted}` };
  return launched;
}

/**
 * How long a runner that is no longer needed pays for itself: as long as keeping it costs no more than a start would.
 * That is its start-up, as much again to catch up with what came meanwhile, and what it is worth that no task is late.
 * Who knows nothing about the future pays by this rule at most twice what he would have paid with foresight.
 */
function keepMs({ startUpMs, acceptableMs, price }: CapacitySettings): number {
  const lateMs = Math.max(0, startUpMs - acceptableMs);
  return 2 * startUpMs + lateMs * (price.lateHour / price.runnerHour);
}

/**
 * How long all that are needed stay, whatever drove it. Who is launched now stays for what is billed in any case, or
 * each ebb of a backlog would cost launches; the others until it has been asked twice more, since a single count may
 * miss what has just ceased to be known and is not yet seen to wait.
 */
const stayMs = (
  { billedMsMin, startUpMs }: CapacitySettings,
  isLaunch: boolean,
  sinceMs: number,
): number => (isLaunch ? billedMsMin : Math.min(2 * sinceMs, startUpMs));

interface Needs extends Wish {
  /** The part that is likely to be needed again: what arrives by chance, without backlog and what was known. */
  readonly steady: number;
}

function needed(
  settings: CapacitySettings,
  estimates: CapacityEstimates,
  load: PoolLoad,
  now: number,
  sinceMs: number,
): Needs {
  const { slots, acceptableMs } = settings;
  const service = serviceMs(estimates, load.runningMs, settings.serviceMsGuess);
  const offered = offeredSlots(settings, estimates.rate, service, load);
  const chance = slotsFor(offered, service, acceptableMs, LATE_SHARE);
  const backlog = backlogSlots(settings, service, offered, load);
  const known = knownSlots(settings, service, load.known, now, sinceMs);
  const busy = load.waiting + load.running > 0 ? 1 : 0;
  const least = Math.max(busy, Math.ceil(load.running / slots));
  const steady = Math.max(busy, runnersFor(chance, slots));
  const runners = Math.max(least, steady, runnersFor(offered + backlog + known, slots));
  return {
    runners,
    steady,
    why: reason(load, estimates, service, { offered, chance, backlog, known }),
  };
}

/** A fiftieth of a runner is no reason for one more. */
const runnersFor = (wantedSlots: number, slots: number): number =>
  Math.max(0, Math.ceil(wantedSlots / slots - 0.02));

/**
 * How many tasks would run at once a start-up from now, if none waited: of those that run some still will, and of those
 * that come until then some will have begun.
 */
function offeredSlots(
  { startUpMs }: CapacitySettings,
  rate: number,
  service: number,
  { running }: PoolLoad,
): number {
  const still = Math.exp(-startUpMs / Math.max(1, service));
  return running * still + rate * service * (1 - still);
}

/**
 * Slots for what waits, apart from what those that are there will have done before others could help. The rest is done
 * in the time that is left of what is acceptable, or in that of one more start-up: sooner would cost more runners than
 * it saves time, as all has waited a start-up already. No task needs more than one slot.
 */
function backlogSlots(
  { slots, startUpMs, acceptableMs }: CapacitySettings,
  service: number,
  offered: number,
  { waiting, oldestMs, ready, starting }: PoolLoad,
): number {
  const leftMs = acceptableMs - oldestMs;
  const aheadMs = Math.max(startUpMs, leftMs);
  const idle = Math.max(0, (ready + starting / 2) * slots - offered);
  const remaining = Math.max(0, waiting * service - idle * aheadMs);
  const inMs = Math.max(startUpMs, leftMs - startUpMs);
  return Math.min(remaining / inMs, remaining / service);
}

/** Slots for what will have come before a later decision could have them ready. */
function knownSlots(
  settings: CapacitySettings,
  service: number,
  known: readonly KnownWork[],
  now: number,
  sinceMs: number,
): number {
  const { slots, startUpMs, acceptableMs, billedMsMin, launches } = settings;
  // What is billed in any case may as well be worked in.
  const inMs = Math.max(1, acceptableMs, billedMsMin - startUpMs);
  let sum = 0;
  for (const { at, tasks, serviceMs: own = service } of known) {
    const wanted = Math.min(tasks, (tasks * own) / inMs);
    const beyondBurst = Math.max(0, wanted / slots - launches.burst);
    const aheadMs = startUpMs + (beyondBurst / launches.perSecond) * 1000;
    if (at - aheadMs <= now + sinceMs) sum += wanted;
  }
  return sum;
}

function reason(
  load: PoolLoad,
  { rate }: CapacityEstimates,
  service: number,
  slots: { offered: number; chance: number; backlog: number; known: number },
): string {
  const { chance, backlog, known } = slots;
  if (known > 0 && known >= backlog && slots.offered + known >= chance) {
    const tasks = load.known.reduce((sum, work) => sum + work.tasks, 0);
    return `${tasks} tasks are known to come`;
  }
  if (backlog > 0 && slots.offered + backlog >= chance)
    return `${load.waiting} tasks wait, the oldest for ${seconds(load.oldestMs)}`;
  if (load.waiting + load.running > 0 || chance > 0.5)
    return `${(rate * 1000).toFixed(2)} tasks/s of ${seconds(service)}, ${load.running} running`;
  return 'nothing to do';
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** Counts come from outside: what is no number, or less than none, is none. */
function plausible(load: PoolLoad): PoolLoad {
  const count = (n: number): number => (n > 0 && n < Number.MAX_SAFE_INTEGER ? n : 0);
  return {
    arrived: count(load.arrived),
    ended: count(load.ended),
    servedMs: count(load.servedMs),
    waiting: count(load.waiting),
    oldestMs: count(load.oldestMs),
    running: count(load.running),
    runningMs: count(load.runningMs),
    ready: count(load.ready),
    starting: count(load.starting),
    known: load.known.filter(({ at, tasks }) => Number.isFinite(at) && count(tasks) > 0),
  };
}
