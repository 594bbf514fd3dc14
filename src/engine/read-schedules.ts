import type { PageOf } from '../contract/api.ts';
import type { JsonObject } from '../contract/json.ts';
import { Problem } from '../contract/problem.ts';
import type { ScheduleState, SchedulesQuery, ScheduleView } from '../contract/schedule.ts';
import { nextSlot, startOfSlot } from '../core/schedule-timing.ts';
import { runOfSlot } from '../core/slot-run.ts';
import { readStored } from './blobs.ts';
import { allShards } from './items.ts';
import { pagesOf } from './pages.ts';
import {
  type Schedule,
  type StoredSchedule,
  scheduleKey,
  scheduleOf,
  schedulePartition,
} from './schedule-items.ts';
import type { Scheduler } from './scheduler.ts';

const pageDefault = 50;
const pageMax = 1000;
const waitingShown = 20;

export async function findSchedule(
  { ports, settings }: Scheduler,
  name: string,
): Promise<StoredSchedule | undefined> {
  const item = await ports.table.get(scheduleKey(settings, name));
  return item && scheduleOf(item);
}

export async function existingSchedule(
  scheduler: Scheduler,
  name: string,
): Promise<StoredSchedule> {
  const stored = await findSchedule(scheduler, name);
  if (stored) return stored;
  throw new Problem('schedule-unknown', `there is no schedule ${name}`);
}

export async function nextStarts(
  scheduler: Scheduler,
  name: string,
  count: number,
): Promise<readonly number[]> {
  const { schedule } = await existingSchedule(scheduler, name);
  if (stateOf(schedule) !== 'active') return [];
  const timing = scheduler.compile(schedule.timing, schedule.createdAt);
  const starts: number[] = [];
  let slot = nextSlot(timing, schedule.state.cursor);
  for (; slot !== undefined && starts.length < count; slot = nextSlot(timing, slot))
    starts.push(startOfSlot(timing, schedule.id, slot));
  return starts;
}

/** By shard and name. */
export async function listSchedules(
  scheduler: Scheduler,
  { state, after, limit = pageDefault }: SchedulesQuery,
): Promise<PageOf<ScheduleView>> {
  const max = Math.min(pageMax, Math.max(1, limit));
  const items: ScheduleView[] = [];
  let last = '';
  for await (const [place, schedule] of schedulesAfter(scheduler, after)) {
    if (schedule.backfill !== undefined) continue;
    if (state !== undefined && stateOf(schedule) !== state) continue;
    if (items.length === max) return { items, next: last };
    items.push(await viewSchedule(scheduler, schedule));
    last = place;
  }
  return { items, next: null };
}

async function* schedulesAfter(
  { ports, settings }: Scheduler,
  place: string | undefined,
): AsyncGenerator<readonly [place: string, schedule: Schedule]> {
  const [firstShard = '', name = ''] = (place ?? '').split('/');
  for (const shard of allShards(settings)) {
    if (shard < firstShard) continue;
    const partition = schedulePartition(settings.namespace, shard);
    const isFirst = shard === firstShard && place !== undefined;
    const range = { partition, ...(isFirst && { from: `${name}\u0000` }) };
    for await (const items of pagesOf(ports.table, range))
      for (const item of items) yield [`${shard}/${item.sort}`, scheduleOf(item).schedule];
  }
}

export function stateOf({ paused, done, state }: Schedule): ScheduleState {
  if (state.stopped !== undefined) return 'stopped';
  if (paused) return 'paused';
  return done ? 'done' : 'active';
}

export async function viewSchedule(
  scheduler: Scheduler,
  schedule: Schedule,
): Promise<ScheduleView> {
  const { id, timing, policy, state, slotInput } = schedule;
  const compiled = scheduler.compile(timing, schedule.createdAt);
  const isActive = stateOf(schedule) === 'active';
  const slot = isActive ? nextSlot(compiled, state.cursor) : undefined;
  return {
    name: schedule.name,
    id,
    state: stateOf(schedule),
    ...(state.stopped !== undefined && { reason: state.stopped }),
    workflow: schedule.workflow,
    hash: schedule.hash,
    timing,
    input: (await readStored(scheduler.ports.blobs, schedule.input)) as JsonObject,
    ...(slotInput !== undefined && { slotInput }),
    ...policy,
    tags: schedule.tags ?? [],
    createdAt: schedule.createdAt,
    changedAt: schedule.changedAt,
    ...(slot !== undefined && { nextAt: startOfSlot(compiled, id, slot) }),
    ...(state.lastSlot !== undefined && {
      lastSlot: state.lastSlot,
      lastRun: runOfSlot(id, state.lastSlot),
    }),
    waiting: state.waiting.slice(0, waitingShown),
    waitingCount: state.waiting.length,
    started: state.started,
    missed: state.missed,
    skipped: state.skipped,
    failures: state.failures,
  };
}
