/** Routes of schedules. */
import * as z from 'zod';
import { Problem } from '../contract/problem.ts';
import { ScheduleRequest, scheduleStates, Timing } from '../contract/schedule.ts';
import { namePattern } from '../contract/workflow.ts';
import { previewMax, previewSlots } from '../definition/preview.ts';
import { idOfKey, keyOf } from './idempotency.ts';
import { parseWith } from './problem-response.ts';
import { given, NoParams } from './queries.ts';
import { type Call, json, type Route, route } from './route.ts';

const SchedulesParams = z.strictObject({
  state: z.enum(scheduleStates).optional(),
  after: z.string().min(1).max(1024).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(50),
});

const NextParams = z.strictObject({ n: z.coerce.number().int().min(1).max(1000).default(10) });

const PreviewRequest = z.strictObject({
  timing: Timing,
  /** Epoch ms. */
  from: z.number(),
  n: z.int().min(1).max(previewMax).optional(),
});

const countUsual = 10;

/** What cannot be a name is no schedule. */
export function nameOf(call: Call<never> | Call): string {
  const name = call.param('name');
  if (namePattern.test(name)) return name;
  throw new Problem('schedule-unknown', `there is no schedule ${name.slice(0, 64)}`);
}

async function put(call: Call): Promise<Response> {
  const name = call.param('name');
  if (!namePattern.test(name))
    throw new Problem(
      'schedule-invalid',
      'a schedule’s name has letters, digits, "_", "-" and ".", at most 128',
    );
  const request = parseWith(ScheduleRequest, call.body, 'the body');
  const isNew = call.request.headers.get('if-none-match') === '*';
  return json(await call.engine.schedules.put(name, request, isNew));
}

async function runNow(call: Call): Promise<Response> {
  const key = keyOf(call.request);
  const id = key === undefined ? undefined : idOfKey(key);
  return json(await call.engine.schedules.run(nameOf(call), id), 202);
}

export const scheduleRoutes: readonly Route[] = [
  route({
    op: 'listSchedules',
    right: 'viewer',
    method: 'GET',
    path: '/v1/schedules',
    summary: 'Schedules. A page may be short and have a next one.',
    query: SchedulesParams,
    status: 200,
    answer: 'PageOfScheduleView',
    handle: async (call) => json(await call.engine.schedules.list(given(call.query))),
  }),
  route({
    op: 'previewSchedule',
    right: 'viewer',
    method: 'POST',
    path: '/v1/schedules:preview',
    summary: 'When runs would start, without making anything.',
    body: { kind: 'json', name: 'PreviewRequest', schema: PreviewRequest },
    query: NoParams,
    status: 200,
    answer: 'Slots',
    handle: async (call) => {
      const { timing, from, n = countUsual } = parseWith(PreviewRequest, call.body, 'the body');
      return json({ slots: previewSlots(timing, from, n) });
    },
  }),
  route({
    op: 'getSchedule',
    right: 'viewer',
    method: 'GET',
    path: '/v1/schedules/:name',
    summary: 'One schedule: what it runs and when, what it did, what is next.',
    query: NoParams,
    status: 200,
    answer: 'ScheduleView',
    handle: async (call) => json(await call.engine.schedules.show(nameOf(call))),
  }),
  route({
    op: 'putSchedule',
    right: 'author',
    method: 'PUT',
    path: '/v1/schedules/:name',
    summary:
      'Makes a schedule or changes it. What a new timing would have had due before is not made up for. With If-None-Match: * it is refused when there is one.',
    body: { kind: 'json', name: 'ScheduleRequest', schema: ScheduleRequest },
    query: NoParams,
    status: 200,
    answer: 'ScheduleView',
    handle: put,
  }),
  route({
    op: 'removeSchedule',
    right: 'author',
    method: 'DELETE',
    path: '/v1/schedules/:name',
    summary: 'Removes a schedule. Its runs go on.',
    query: NoParams,
    status: 200,
    answer: 'Nothing',
    handle: async (call) => {
      await call.engine.schedules.remove(nameOf(call));
      return json({});
    },
  }),
  route({
    op: 'nextStarts',
    right: 'viewer',
    method: 'GET',
    path: '/v1/schedules/:name/next',
    summary: 'When its next runs start, jitter included; none while it is paused.',
    query: NextParams,
    status: 200,
    answer: 'Starts',
    handle: async (call) => {
      const starts = await call.engine.schedules.next(nameOf(call), call.query.n);
      return json({ starts });
    },
  }),
  route({
    op: 'pauseSchedule',
    right: 'operator',
    method: 'POST',
    path: '/v1/schedules/:name/pause',
    summary: 'Starts nothing more until it is resumed.',
    query: NoParams,
    status: 200,
    answer: 'ScheduleView',
    handle: async (call) => json(await call.engine.schedules.pause(nameOf(call))),
  }),
  route({
    op: 'resumeSchedule',
    right: 'operator',
    method: 'POST',
    path: '/v1/schedules/:name/resume',
    summary: 'Goes on with a paused or stopped schedule, from now on.',
    query: NoParams,
    status: 200,
    answer: 'ScheduleView',
    handle: async (call) => json(await call.engine.schedules.resume(nameOf(call))),
  }),
  route({
    op: 'runSchedule',
    right: 'operator',
    method: 'POST',
    path: '/v1/schedules/:name/run',
    summary: 'Starts one run of it now. An Idempotency-Key makes it safe to repeat.',
    query: NoParams,
    status: 202,
    answer: 'RunSummary',
    handle: runNow,
  }),
];
