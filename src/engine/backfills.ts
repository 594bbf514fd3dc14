import type { PageOf } from '../contract/api.ts';
import {
  type BackfillPlan,
  type BackfillRequest,
  type Backfills,
  type BackfillView,
  backfillSlotsMax,
} from '../contract/backfill.ts';
import { Problem } from '../contract/problem.ts';
import { backfillCursor, runFor, slotsAfter } from '../core/backfill.ts';
import { newScheduleState } from '../core/schedule-policy.ts';
import { factsOfBackfill, foundRuns } from './backfill-steps.ts';
import { changeSchedule, removeSchedule } from './change-schedule.ts';
import { allShards } from './items.ts';
import { pagesOf } from './pages.ts';
import { existingSchedule, findSchedule, stateOf } from './read-schedules.ts';
import { type Backfill, type Schedule, scheduleOf, schedulePartition } from './schedule-items.ts';
import type { Scheduler } from './scheduler.ts';
import { nextOf } from './start-due.ts';

/** A backfill lies where schedules lie, and is looked at as one: what it does is in `core/backfill.ts`. */
export function createBackfills(scheduler: Scheduler): Backfills {
  return {
    plan: (name, request) => planBackfill(scheduler, name, request),
    begin: (name, request, id) => beginBackfill(scheduler, name, request, id),
    list: (name) => listBackfills(scheduler, name),
    show: async (name, id) => viewOf(await existingBackfill(scheduler, name, id)),
    pause: (name, id) => setPaused(scheduler, name, id, true),
    resume: (name, id) => setPaused(scheduler, name, id, false),
    remove: (name, id) => removeSchedule(scheduler, nameOf(name, id)),
  };
}

const nameOf = (schedule: string, id: string): string => `${schedule}/${id}`;

/** Slots whose runs are looked up at a time. */
const planStep = 500;

async function planBackfill(
  scheduler: Scheduler,
  name: string,
  request: BackfillRequest,
): Promise<BackfillPlan> {
  const { schedule } = await existingSchedule(scheduler, name);
  const planned = backfillOf(scheduler, schedule, request, scheduler.ports.ids.next());
  const facts = factsOfBackfill(scheduler, planned, planned.backfill);
  const slots = slotsAfter(facts.timing, facts.range, planned.state.cursor, backfillSlotsMax);
  const steps: BackfillPlan['steps'][number][] = [];
  for (let first = 0; first < slots.length; first += planStep) {
    const found = await foundRuns(scheduler, facts, slots.slice(first, first + planStep));
    for (const [slot, state] of found) {
      const run = runFor(facts, slot, state);
      steps.push({
        slot,
        does: run === undefined ? 'skip' : 'start',
        run: run ?? facts.runOfSlot(slot),
        ...(state !== undefined && { found: state }),
      });
    }
  }
  const starts = steps.filter(({ does }) => does === 'start').length;
  return { steps, starts, skips: steps.length - starts };
}

async function beginBackfill(
  scheduler: Scheduler,
  name: string,
  request: BackfillRequest,
  id: string = scheduler.ports.ids.next(),
): Promise<BackfillView> {
  const { schedule } = await existingSchedule(scheduler, name);
  const begun = await changeSchedule(scheduler, nameOf(name, id), (before) => {
    if (before !== undefined) return asAsked(before.schedule, request);
    return woken(scheduler, backfillOf(scheduler, schedule, request, id));
  });
  return viewOf(begun);
}

/** Asked for again, as the answer was lost; for something else, its id was taken before. */
function asAsked(before: Schedule, request: BackfillRequest): Schedule {
  const { backfill } = before;
  const asked = Object.entries({ order: 'oldest', parallel: 1, again: 'none', ...request });
  const isSame = asked.every(
    ([name, value]) => name === 'stopAfterFailures' || backfill?.[name as 'from'] === value,
  );
  if (isSame && before.policy.stopAfterFailures === request.stopAfterFailures) return before;
  throw new Problem('key-reused', 'this key began another backfill');
}

type BackfillSchedule = Schedule & { readonly backfill: Backfill };

function backfillOf(
  { ports, compile }: Scheduler,
  { paused: _paused, done: _done, wakeAt: _wakeAt, ...schedule }: Schedule,
  request: BackfillRequest,
  id: string,
): BackfillSchedule {
  const now = ports.clock.now();
  const { from, to = now, order = 'oldest', parallel = 1, again = 'none' } = request;
  const { stopAfterFailures } = request;
  if (to > now) throw invalid('/to', 'slots that are still to come, come by themselves');
  if (from >= to) throw invalid('/from', 'the range ends before it begins');
  const range = { from, to, order };
  const timing = compile(schedule.timing, schedule.createdAt);
  const slots = slotsAfter(timing, { ...range, order: 'oldest' }, from - 1, backfillSlotsMax + 1);
  if (slots.length === 0)
    throw invalid('/from', `schedule ${schedule.name} has no slot in this range`);
  if (slots.length > backfillSlotsMax)
    throw invalid('/to', `at most ${backfillSlotsMax} slots at once: take a shorter range`);
  return {
    ...schedule,
    name: nameOf(schedule.name, id),
    id,
    policy: {
      catchUp: { policy: 'all', max: backfillSlotsMax },
      overlap: 'queue-all',
      ...(stopAfterFailures !== undefined && { stopAfterFailures }),
    },
    backfill: {
      ...range,
      of: schedule.name,
      ofId: schedule.id,
      again,
      parallel,
      slots: slots.length,
      madeAt: now,
    },
    state: newScheduleState(backfillCursor(range)),
    changedAt: now,
  };
}

const invalid = (pointer: string, message: string): Problem =>
  new Problem('schedule-invalid', `no backfill: ${message}`, [{ pointer, message }]);

function woken(scheduler: Scheduler, schedule: Schedule): Schedule {
  const { state } = schedule;
  const wakeAt = state.stopped === undefined ? scheduler.ports.clock.now() : undefined;
  return nextOf(scheduler, schedule, { state, start: [], wakeAt });
}

async function existingBackfill(
  scheduler: Scheduler,
  name: string,
  id: string,
): Promise<BackfillSchedule> {
  const stored = await findSchedule(scheduler, nameOf(name, id));
  const { backfill } = stored?.schedule ?? {};
  if (stored && backfill) return { ...stored.schedule, backfill };
  throw new Problem('schedule-unknown', `schedule ${name} has no backfill ${id}`);
}

/** Newest first. */
async function listBackfills(scheduler: Scheduler, name: string): Promise<PageOf<BackfillView>> {
  await existingSchedule(scheduler, name);
  const { ports, settings } = scheduler;
  const views: BackfillView[] = [];
  for (const shard of allShards(settings)) {
    const partition = schedulePartition(settings.namespace, shard);
    const range = { partition, from: nameOf(name, ''), to: nameOf(name, '~') };
    for await (const items of pagesOf(ports.table, range))
      views.push(...items.map((item) => viewOf(scheduleOf(item).schedule as BackfillSchedule)));
  }
  views.sort((a, b) => (a.id < b.id ? 1 : -1));
  return { items: views, next: null };
}

async function setPaused(
  scheduler: Scheduler,
  name: string,
  id: string,
  isPaused: boolean,
): Promise<BackfillView> {
  const changed = await changeSchedule(scheduler, nameOf(name, id), (stored) => {
    if (stored === undefined)
      throw new Problem('schedule-unknown', `schedule ${name} has no backfill ${id}`);
    if (stored.schedule.done) return stored.schedule;
    const { paused: _paused, ...kept } = stored.schedule;
    if (isPaused) return woken(scheduler, { ...kept, paused: true });
    const { stopped: _stopped, ...state } = kept.state;
    return woken(scheduler, { ...kept, state: { ...state, failures: 0 } });
  });
  return viewOf(changed as BackfillSchedule);
}

function viewOf(schedule: Schedule): BackfillView {
  const { id, backfill, state } = schedule as BackfillSchedule;
  const { of, ofId: _, madeAt, ...kept } = backfill;
  return {
    id,
    schedule: of,
    state: stateOf(schedule),
    ...(state.stopped !== undefined && { reason: state.stopped }),
    ...kept,
    started: state.started,
    skipped: state.skipped,
    open: state.open.map((run) => run.id),
    left: backfill.slots - state.started - state.skipped,
    failures: state.failures,
    createdAt: madeAt,
  };
}
