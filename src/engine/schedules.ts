import type { RunSummary } from '../contract/api.ts';
import type { JsonObject } from '../contract/json.ts';
import { Problem } from '../contract/problem.ts';
import type { ScheduleRequest, Schedules, ScheduleView } from '../contract/schedule.ts';
import { newScheduleState, type SchedulePolicy } from '../core/schedule-policy.ts';
import { nextSlot, startOfSlot } from '../core/schedule-timing.ts';
import { createBackfills } from './backfills.ts';
import { storeValue } from './blobs.ts';
import { changeSchedule, removeSchedule } from './change-schedule.ts';
import { withDefaults } from './check-input.ts';
import { checkCode } from './code.ts';
import { givenResources } from './given-resources.ts';
import { existingSchedule, listSchedules, nextStarts, viewSchedule } from './read-schedules.ts';
import { summaryOf } from './run-summary.ts';
import type { Schedule } from './schedule-items.ts';
import type { Scheduler } from './scheduler.ts';
import { nextOf, requestsOf } from './start-due.ts';
import { accept, codeFor, submitStored } from './submit.ts';

/** Larger inputs lie beside: a schedule is written again for each of its slots. */
const inlineBytes = 2048;
const catchUpMaxDefault = 1000;
const statesOfActions = { pause: true, resume: false } as const;

export function createSchedules(scheduler: Scheduler): Schedules {
  return {
    list: (query) => listSchedules(scheduler, query),
    show: async (name) =>
      viewSchedule(scheduler, (await existingSchedule(scheduler, name)).schedule),
    put: (name, request, isNew = false) => putSchedule(scheduler, name, request, isNew),
    pause: (name) => setPaused(scheduler, name, 'pause'),
    resume: (name) => setPaused(scheduler, name, 'resume'),
    run: (name, id) => runNow(scheduler, name, id),
    remove: (name) => removeSchedule(scheduler, name),
    next: (name, count) => nextStarts(scheduler, name, count),
    backfills: createBackfills(scheduler),
  };
}

async function putSchedule(
  scheduler: Scheduler,
  name: string,
  request: ScheduleRequest,
  isNew: boolean,
): Promise<ScheduleView> {
  const { ports, settings } = scheduler;
  const now = ports.clock.now();
  await checkCode(ports, settings, request.code);
  const accepted = await accept(scheduler, givenResources(request.workflow, request.resources));
  const { codes } = await codeFor(scheduler, accepted, request);
  const input = checkedInput(scheduler, accepted.spec.workflow, request, now);
  const stored = await storeValue(ports.blobs, input, inlineBytes);
  const given = { ...request, codes, hash: accepted.hash, stored };
  const schedule = await changeSchedule(scheduler, name, (before) => {
    if (before && isNew)
      throw new Problem('schedule-exists', `there is a schedule ${name} already`);
    return scheduleFrom(scheduler, name, given, before?.schedule, now);
  });
  return viewSchedule(scheduler, schedule);
}

type Given = ScheduleRequest & {
  readonly hash: string;
  readonly stored: Schedule['input'];
};

function scheduleFrom(
  scheduler: Scheduler,
  name: string,
  given: Given,
  before: Schedule | undefined,
  now: number,
): Schedule {
  const { slotInput, code, codes, tags, timing } = given;
  const isPaused = given.paused ?? before?.paused ?? false;
  const createdAt = before?.createdAt ?? now;
  const schedule: Schedule = {
    name,
    id: before?.id ?? scheduler.ports.ids.next(),
    workflow: given.workflow.name,
    hash: given.hash,
    input: given.stored,
    ...(slotInput !== undefined && { slotInput }),
    ...(code !== undefined && { code }),
    ...(codes !== undefined && { codes }),
    ...(tags && tags.length > 0 && { tags }),
    timing,
    policy: policyOf(given),
    state: stateAfter(scheduler, name, timing, before, now),
    ...(isPaused && { paused: true }),
    createdAt,
    changedAt: now,
    renewedAt: now,
  };
  return woken(scheduler, schedule);
}

/** What is due under another timing is due from when it was asked for. */
function stateAfter(
  scheduler: Scheduler,
  name: string,
  timing: Schedule['timing'],
  before: Schedule | undefined,
  cursor: number,
): Schedule['state'] {
  const compiled = scheduler.compile(timing, before?.createdAt ?? cursor);
  if (before && JSON.stringify(before.timing) === JSON.stringify(timing)) return before.state;
  if (nextSlot(compiled, cursor) === undefined)
    throw new Problem('schedule-invalid', `nothing of schedule ${name} is due from now on`, [
      { pointer: '/timing', message: 'nothing is due from now on' },
    ]);
  return { ...(before?.state ?? newScheduleState(cursor)), cursor };
}

/** With its time to be looked at: at once when something waits, else when its next slot is due. */
function woken(scheduler: Scheduler, schedule: Schedule): Schedule {
  const { state, timing, createdAt, id } = schedule;
  const compiled = scheduler.compile(timing, createdAt);
  const slot = nextSlot(compiled, state.cursor);
  const now = scheduler.ports.clock.now();
  const times = [
    ...(slot === undefined ? [] : [startOfSlot(compiled, id, slot)]),
    ...(state.waiting.length > 0 || state.open.length > 0 ? [now] : []),
  ];
  const wakeAt = state.stopped !== undefined || times.length === 0 ? undefined : Math.min(...times);
  return nextOf(scheduler, schedule, { state, start: [], wakeAt });
}

function policyOf({ catchUp, overlap = 'allow', stopAfterFailures }: Given): SchedulePolicy {
  const { policy = 'last', windowMs, perMinute, max = catchUpMaxDefault } = catchUp ?? {};
  if ((policy === 'window') !== (windowMs !== undefined))
    throw new Problem('schedule-invalid', 'catch-up "window", and no other, says how far back', [
      { pointer: '/catchUp/windowMs', message: 'goes together with policy "window"' },
    ]);
  return {
    catchUp: {
      policy,
      max,
      ...(windowMs !== undefined && { windowMs }),
      ...(perMinute !== undefined && { perMinute }),
    },
    overlap,
    ...(stopAfterFailures !== undefined && { stopAfterFailures }),
  };
}

/** Refused now, not when the first slot is due. */
function checkedInput(
  _scheduler: Scheduler,
  workflow: Parameters<typeof withDefaults>[0],
  { input = {}, slotInput }: ScheduleRequest,
  now: number,
): JsonObject {
  const slot = slotInput === undefined ? {} : { [slotInput]: new Date(now).toISOString() };
  withDefaults(workflow, { ...input, ...slot }, '');
  return input as JsonObject;
}

async function setPaused(
  scheduler: Scheduler,
  name: string,
  action: 'pause' | 'resume',
): Promise<ScheduleView> {
  const isPaused = statesOfActions[action];
  const changedAt = scheduler.ports.clock.now();
  const schedule = await changeSchedule(scheduler, name, (stored) => {
    if (stored === undefined) throw new Problem('schedule-unknown', `there is no schedule ${name}`);
    const { paused = false, ...kept } = stored.schedule;
    const { stopped, ...state } = kept.state;
    if (paused === isPaused && (isPaused || stopped === undefined)) return stored.schedule;
    if (isPaused) return woken(scheduler, { ...stored.schedule, changedAt, paused: true });
    const resumed = { ...state, failures: 0, cursor: Math.max(state.cursor, changedAt) };
    return woken(scheduler, { ...kept, changedAt, state: resumed });
  });
  return viewSchedule(scheduler, schedule);
}

async function runNow(scheduler: Scheduler, name: string, id?: string): Promise<RunSummary> {
  const { schedule } = await existingSchedule(scheduler, name);
  const { ids, clock } = scheduler.ports;
  const run = { id: id ?? ids.next(), slot: clock.now() };
  const [meta] = await submitStored(scheduler, await requestsOf(scheduler, schedule, [run]));
  if (meta === undefined) throw new Problem('schedule-unknown', `there is no schedule ${name}`);
  return summaryOf(meta, meta.tasks);
}
