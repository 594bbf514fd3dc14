/** Routes of backfills: runs for slots of a schedule that are over. */
import { BackfillRequest } from '../contract/backfill.ts';
import { Problem } from '../contract/problem.ts';
import { idOfKey, keyOf } from './idempotency.ts';
import { parseWith } from './problem-response.ts';
import { NoParams } from './queries.ts';
import { type Call, json, type Route, route } from './route.ts';
import { nameOf } from './schedule-routes.ts';

const idPattern = /^[0-9A-HJKMNP-TV-Z]{26}$/;

/** What cannot be an id is no backfill. */
function idOf(call: Call<never> | Call): string {
  const id = call.param('id');
  if (idPattern.test(id)) return id;
  throw new Problem('schedule-unknown', `there is no backfill ${id.slice(0, 64)}`);
}

const body = { kind: 'json', name: 'BackfillRequest', schema: BackfillRequest } as const;
const asked = (call: Call): BackfillRequest => parseWith(BackfillRequest, call.body, 'the body');

async function begin(call: Call): Promise<Response> {
  const key = keyOf(call.request);
  const id = key === undefined ? undefined : idOfKey(key);
  return json(await call.engine.schedules.backfills.begin(nameOf(call), asked(call), id), 202);
}

const act = (action: 'pause' | 'resume', summary: string): Route =>
  route({
    op: `${action}Backfill`,
    right: 'operator',
    method: 'POST',
    path: `/v1/schedules/:name/backfills/:id/${action}`,
    summary,
    query: NoParams,
    status: 200,
    answer: 'BackfillView',
    handle: async (call) =>
      json(await call.engine.schedules.backfills[action](nameOf(call), idOf(call))),
  });

export const backfillRoutes: readonly Route[] = [
  route({
    op: 'planBackfill',
    right: 'viewer',
    method: 'POST',
    path: '/v1/schedules/:name/backfills:plan',
    summary: 'Exactly the runs that a backfill would start now, and the slots that it would skip.',
    body,
    query: NoParams,
    status: 200,
    answer: 'BackfillPlan',
    handle: async (call) =>
      json(await call.engine.schedules.backfills.plan(nameOf(call), asked(call))),
  }),
  route({
    op: 'beginBackfill',
    right: 'operator',
    method: 'POST',
    path: '/v1/schedules/:name/backfills',
    summary:
      'Starts a run for each slot of a range that is over, in turn: with what the schedule runs now. A slot that has a run gets another only if asked for. An Idempotency-Key makes it safe to repeat.',
    body,
    query: NoParams,
    status: 202,
    answer: 'BackfillView',
    handle: begin,
  }),
  route({
    op: 'listBackfills',
    right: 'viewer',
    method: 'GET',
    path: '/v1/schedules/:name/backfills',
    summary: 'Backfills of a schedule, newest first. They are kept for 30 days after their end.',
    query: NoParams,
    status: 200,
    answer: 'PageOfBackfillView',
    handle: async (call) => json(await call.engine.schedules.backfills.list(nameOf(call))),
  }),
  route({
    op: 'getBackfill',
    right: 'viewer',
    method: 'GET',
    path: '/v1/schedules/:name/backfills/:id',
    summary: 'One backfill: how far it is.',
    query: NoParams,
    status: 200,
    answer: 'BackfillView',
    handle: async (call) =>
      json(await call.engine.schedules.backfills.show(nameOf(call), idOf(call))),
  }),
  act('pause', 'Starts none of its runs until it is resumed.'),
  act('resume', 'Goes on with a paused or stopped backfill.'),
  route({
    op: 'removeBackfill',
    right: 'operator',
    method: 'DELETE',
    path: '/v1/schedules/:name/backfills/:id',
    summary: 'Ends a backfill. Its runs go on.',
    query: NoParams,
    status: 200,
    answer: 'Nothing',
    handle: async (call) => {
      await call.engine.schedules.backfills.remove(nameOf(call), idOf(call));
      return json({});
    },
  }),
];
