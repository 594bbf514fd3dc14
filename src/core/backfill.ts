/** Which slots of a schedule that are over get a run now, and when. */
import type { BackfillAgain, BackfillOrder } from '../contract/backfill.ts';
import type { RunState } from '../contract/state.ts';
import {
  type Happened,
  type ScheduleDecision,
  type SchedulePolicy,
  type ScheduleState,
  type StartedRun,
  settle,
  turnAfter,
} from './schedule-policy.ts';
import { nextSlot, type Timing } from './schedule-timing.ts';

export interface BackfillRange {
  readonly from: number;
  /** Not in it. */
  readonly to: number;
  readonly order: BackfillOrder;
}

export interface BackfillFacts {
  readonly timing: Timing;
  readonly range: BackfillRange;
  readonly parallel: number;
  readonly again: BackfillAgain;
  readonly policy: SchedulePolicy;
  /** The slot's own run: the same that the schedule starts for it, so that there is never a second. */
  readonly runOfSlot: (slot: number) => string;
  /** The run of a slot that is to have another. */
  readonly runAgain: (slot: number) => string;
}

/** Runs beside which their slot gets another: never one that is open. */
const replaced: { readonly [again in BackfillAgain]: ReadonlySet<RunState> } = {
  none: new Set(),
  failed: new Set(['failed', 'cancelled']),
  all: new Set(['succeeded', 'failed', 'cancelled']),
};

/** Before its first slot. */
export const backfillCursor = ({ from, to, order }: BackfillRange): number =>
  order === 'oldest' ? from - 1 : to;

/** The next slots after `cursor` in the backfill's order, at most `max`. */
export function slotsAfter(
  timing: Timing,
  range: BackfillRange,
  cursor: number,
  max: number,
): readonly number[] {
  if (range.order === 'oldest') return rising(timing, cursor, range.to, max);
  // Timings are read forwards only: as far back as it takes.
  for (let span = 60_000; ; span *= 2) {
    const from = Math.max(range.from, cursor - span);
    const slots = rising(timing, from - 1, cursor, Number.POSITIVE_INFINITY);
    if (from === range.from || slots.length >= max) return slots.slice(-max).reverse();
  }
}

function rising(timing: Timing, after: number, to: number, max: number): number[] {
  const slots: number[] = [];
  for (let slot = nextSlot(timing, after); slot !== undefined; slot = nextSlot(timing, slot)) {
    if (slot >= to || slots.length >= max) break;
    slots.push(slot);
  }
  return slots;
}

/** The run that a slot gets; undefined: none, because of the one it has. */
export function runFor(
  { again, runOfSlot, runAgain }: Pick<BackfillFacts, 'again' | 'runOfSlot' | 'runAgain'>,
  slot: number,
  found: RunState | undefined,
): string | undefined {
  if (found === undefined) return runOfSlot(slot);
  return replaced[again].has(found) ? runAgain(slot) : undefined;
}

/** `found`: of the next slots, how their own runs are that exist. Slots that it does not name are left for later. */
export interface Looked extends Omit<Happened, 'graceMs'> {
  readonly found: ReadonlyMap<number, RunState | undefined>;
}

/** `state.cursor` is the last slot that was decided. */
export function decideBackfill(
  facts: BackfillFacts,
  before: ScheduleState,
  { now, ended, found }: Looked,
): ScheduleDecision {
  const settled = settle(facts.policy, before, ended);
  if (settled.stopped !== undefined)
    return { state: settled, start: [], cancel: [], wakeAt: undefined };
  const start: StartedRun[] = [];
  let { cursor, skipped } = settled;
  for (const [slot, state] of found) {
    if (settled.open.length + start.length >= facts.parallel) break;
    const run = runFor(facts, slot, state);
    if (run === undefined) skipped++;
    else start.push({ id: run, slot });
    cursor = slot;
  }
  const open = [...settled.open, ...start];
  const state: ScheduleState = {
    ...settled,
    cursor,
    open,
    skipped,
    started: settled.started + start.length,
    ...(start.length > 0 && { lastSlot: (start.at(-1) as StartedRun).slot, movedAt: now }),
  };
  const isLeft = slotsAfter(facts.timing, facts.range, cursor, 1).length > 0;
  const mayGoOn = isLeft && open.length < facts.parallel;
  const waits = open.length > 0 ? turnAfter(state, state.movedAt ?? now, now) : undefined;
  return { state, start, cancel: [], wakeAt: mayGoOn ? now : waits };
}
