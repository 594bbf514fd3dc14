/** What a schedule does at an instant: which slots start a run, which wait, which never will. */
import { nextSlot, startOfSlot, type Timing } from './schedule-timing.ts';

export type CatchUp = {
  /** Of slots that were missed: none, the newest, all, or those of the last `windowMs`. */
  readonly policy: 'none' | 'last' | 'all' | 'window';
  readonly windowMs?: number;
  /** The newest ones up to so many; the others count as missed. */
  readonly max: number;
  /** What has waited starts no faster than that. */
  readonly perMinute?: number;
};

/** When a run of the schedule is still open: start all the same, not at all, one or all later, or cancel it first. */
export type Overlap = 'allow' | 'skip' | 'queue-one' | 'queue-all' | 'cancel-previous';

export interface SchedulePolicy {
  readonly catchUp: CatchUp;
  readonly overlap: Overlap;
  /** So many failures in a row stop the schedule. */
  readonly stopAfterFailures?: number;
}

export interface StartedRun {
  readonly id: string;
  readonly slot: number;
}

export interface ScheduleState {
  /** What becomes of all slots up to here is decided. */
  readonly cursor: number;
  /** Slots whose turn will come, oldest first. */
  readonly waiting: readonly number[];
  /** Runs that are not known to have ended. Empty when nothing depends on it. */
  readonly open: readonly StartedRun[];
  /** Runs that failed since one succeeded. */
  readonly failures: number;
  readonly started: number;
  readonly missed: number;
  readonly skipped: number;
  readonly lastSlot?: number;
  /** What waits starts no earlier. */
  readonly restUntil?: number;
  /** Of a backfill: when its last run was started. */
  readonly movedAt?: number;
  /** Why it stopped itself. */
  readonly stopped?: string;
}

export const newScheduleState = (cursor: number): ScheduleState => ({
  cursor,
  waiting: [],
  open: [],
  failures: 0,
  started: 0,
  missed: 0,
  skipped: 0,
});

export interface ScheduleFacts {
  readonly timing: Timing;
  readonly policy: SchedulePolicy;
  /** The schedule's own id: all that is drawn by chance is the same for all who decide. */
  readonly id: string;
  readonly runOfSlot: (slot: number) => string;
}

export interface Happened {
  readonly now: number;
  /** A slot that is later than this was missed. */
  readonly graceMs: number;
  /** How open runs ended that have. */
  readonly ended: ReadonlyMap<string, 'succeeded' | 'failed' | 'cancelled'>;
}

export interface ScheduleDecision {
  readonly state: ScheduleState;
  readonly start: readonly StartedRun[];
  readonly cancel: readonly string[];
  /** When there is something to decide next; undefined: nothing will be due. */
  readonly wakeAt: number | undefined;
}

/** Slots are looked at one by one up to so many; older ones only count as missed. */
const slotsMax = 10_000;
/** Slots that wait. */
const waitingMax = 1_000;
/** Runs that are started in one go; the rest follows at once. */
const startsMax = 200;
const openMax = 1_000;
const pollMsMin = 500;
const pollMsMax = 30_000;

/** Whether the schedule has to know how its runs end. */
export const isTracking = ({ overlap, stopAfterFailures }: SchedulePolicy): boolean =>
  overlap !== 'allow' || stopAfterFailures !== undefined;

export function decideSchedule(
  facts: ScheduleFacts,
  before: ScheduleState,
  happened: Happened,
): ScheduleDecision {
  const settled = settle(facts.policy, before, happened.ended);
  if (settled.stopped !== undefined)
    return { state: settled, start: [], cancel: [], wakeAt: undefined };
  const due = dueSlots(facts, settled.cursor, happened.now);
  const kept = caughtUp(facts.policy.catchUp, due, facts, happened);
  const state = {
    ...settled,
    cursor: due.at(-1) ?? settled.cursor,
    missed: settled.missed + due.length - kept.length,
  };
  return turns(facts, state, kept, happened);
}

/** With what is known of the runs that were open. */
export function settle(
  policy: SchedulePolicy,
  state: ScheduleState,
  ended: Happened['ended'],
): ScheduleState {
  if (state.open.length === 0) return state;
  let { failures } = state;
  for (const { id } of state.open) {
    const outcome = ended.get(id);
    if (outcome === 'failed') failures += 1;
    else if (outcome === 'succeeded') failures = 0;
  }
  const open = state.open.filter(({ id }) => !ended.has(id));
  const limit = policy.stopAfterFailures ?? Number.POSITIVE_INFINITY;
  const stopped = failures >= limit ? { stopped: `${failures} runs in a row failed` } : {};
  return { ...state, open, failures, ...stopped };
}

/** The slots after `cursor` whose time has come, the newest ones if they are very many. */
function dueSlots(facts: ScheduleFacts, cursor: number, now: number): readonly number[] {
  for (let span = 60_000; ; span *= 2) {
    const from = Math.max(cursor, now - span);
    const slots = slotsAfter(facts, from, now);
    if (from === cursor || slots.length >= slotsMax) return slots.slice(-slotsMax);
  }
}

function slotsAfter({ timing, id }: ScheduleFacts, from: number, now: number): number[] {
  const slots: number[] = [];
  for (let slot = nextSlot(timing, from); slot !== undefined; slot = nextSlot(timing, slot)) {
    if (startOfSlot(timing, id, slot) > now) break;
    slots.push(slot);
  }
  return slots;
}

function caughtUp(
  { policy, windowMs = 0, max }: CatchUp,
  due: readonly number[],
  { timing, id }: ScheduleFacts,
  { now, graceMs }: Happened,
): readonly number[] {
  const firstInTime = due.findIndex((slot) => startOfSlot(timing, id, slot) >= now - graceMs);
  const late = firstInTime === -1 ? due : due.slice(0, firstInTime);
  const inTime = firstInTime === -1 ? [] : due.slice(firstInTime);
  switch (policy) {
    case 'none':
      return inTime;
    case 'last':
      return inTime.length > 0 ? inTime : late.slice(-1);
    case 'all':
      return [...late.slice(-max), ...inTime];
    case 'window':
      return [...late.filter((slot) => slot >= now - windowMs).slice(-max), ...inTime];
  }
}

/** Of what waits and what is due now: what starts, what waits on, and what is left out. */
function turns(
  facts: ScheduleFacts,
  state: ScheduleState,
  due: readonly number[],
  { now }: Happened,
): ScheduleDecision {
  const { overlap } = facts.policy;
  const all = [...state.waiting, ...due];
  const isFree = state.open.length === 0;
  const mayStart = now < (state.restUntil ?? now) ? 0 : startsAt(facts.policy, all.length, isFree);
  // Who cancels the run before is about the newest slot only.
  const queue = overlap === 'cancel-previous' ? all.slice(-1) : all;
  const first = queue.slice(0, mayStart);
  const rest = queue.slice(mayStart, mayStart + waitingMaxOf(overlap));
  const start = first.map((slot) => ({ id: facts.runOfSlot(slot), slot }));
  const open = isTracking(facts.policy) ? [...state.open, ...start].slice(-openMax) : [];
  const { restUntil: _rest, ...kept } = state;
  const rested = restAfter(facts.policy.catchUp, start.length, rest.length, state, now);
  const next: ScheduleState = {
    ...kept,
    waiting: rest,
    open,
    started: state.started + start.length,
    skipped: state.skipped + all.length - first.length - rest.length,
    ...(start.length > 0 && { lastSlot: (start.at(-1) as StartedRun).slot }),
    ...(rested !== undefined && { restUntil: rested }),
  };
  const isCancelling = overlap === 'cancel-previous' && !isFree && queue.length > 0;
  const cancel = isCancelling ? state.open.map(({ id }) => id) : [];
  return { state: next, start, cancel, wakeAt: wakeAfter(facts, next, now) };
}

function startsAt({ overlap, catchUp }: SchedulePolicy, waiting: number, isFree: boolean): number {
  if (overlap !== 'allow') return isFree ? 1 : 0;
  return catchUp.perMinute !== undefined && waiting > 1 ? 1 : startsMax;
}

function waitingMaxOf(overlap: Overlap): number {
  switch (overlap) {
    case 'skip':
      return 0;
    case 'queue-one':
    case 'cancel-previous':
      return 1;
    case 'allow':
      return slotsMax;
    case 'queue-all':
      return waitingMax;
  }
}

function restAfter(
  { perMinute }: CatchUp,
  started: number,
  left: number,
  { restUntil }: ScheduleState,
  now: number,
): number | undefined {
  if (perMinute === undefined || left === 0) return undefined;
  return started === 0 ? restUntil : now + Math.ceil(60_000 / perMinute);
}

function wakeAfter(facts: ScheduleFacts, state: ScheduleState, now: number): number | undefined {
  const slot = nextSlot(facts.timing, state.cursor);
  const times: number[] = [];
  if (slot !== undefined) times.push(startOfSlot(facts.timing, facts.id, slot));
  const [waits] = state.waiting;
  if (waits !== undefined) times.push(Math.max(turnAfter(state, waits, now), state.restUntil ?? 0));
  return times.length > 0 ? Math.min(...times) : undefined;
}

/** What waits for a run to end is looked at again soon, and less often the longer it lasts. */
export function turnAfter({ open }: ScheduleState, since: number, now: number): number {
  if (open.length === 0) return now;
  return now + Math.min(pollMsMax, Math.max(pollMsMin, (now - since) / 20));
}
