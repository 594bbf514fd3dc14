/** Routes of limits. */
import * as z from 'zod';
import { LimitBounds } from '../contract/limits.ts';
import { namePattern } from '../contract/name.ts';
import { Problem } from '../contract/problem.ts';
import { parseWith } from './problem-response.ts';
import { given, NoParams } from './queries.ts';
import { type Call, json, type Route, route } from './route.ts';

const LimitsParams = z.strictObject({
  name: z.string().min(1).max(300).optional(),
  after: z.string().min(1).max(2048).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(50),
});

/** What cannot be a name is no limit. */
function nameOf(call: Call<never> | Call): string {
  const name = call.param('name');
  if (namePattern.test(name)) return name;
  throw new Problem('limit-unknown', `there is no shared limit ${name.slice(0, 64)}`);
}

async function put(call: Call): Promise<Response> {
  const name = call.param('name');
  if (!namePattern.test(name))
    throw new Problem(
      'limit-invalid',
      'a limit’s name has letters, digits, "_", "-" and ".", at most 128',
    );
  const bounds = parseWith(LimitBounds, call.body, 'the body');
  if (bounds.max === undefined && bounds.sum === undefined && bounds.rate === undefined)
    throw new Problem('limit-invalid', 'a limit needs "max", "sum" or "rate"');
  return json(await call.engine.limits.set(name, bounds));
}

export const limitRoutes: readonly Route[] = [
  route({
    op: 'listLimits',
    right: 'viewer',
    method: 'GET',
    path: '/v1/limits',
    summary:
      'Limits that are in use, key by key: the bound, who holds it, how many wait. A page may be short and have a next one.',
    query: LimitsParams,
    status: 200,
    answer: 'PageOfLimitView',
    handle: async (call) => json(await call.engine.limits.list(given(call.query))),
  }),
  route({
    op: 'listSharedLimits',
    right: 'viewer',
    method: 'GET',
    path: '/v1/limits:shared',
    summary: 'Limits that workflows share, as they were set.',
    query: NoParams,
    status: 200,
    answer: 'PageOfSharedLimitView',
    handle: async (call) => json({ items: await call.engine.limits.shared(), next: null }),
  }),
  route({
    op: 'getLimit',
    right: 'viewer',
    method: 'GET',
    path: '/v1/limits/:name',
    summary: 'A limit that workflows share, as it was set.',
    query: NoParams,
    status: 200,
    answer: 'SharedLimitView',
    handle: async (call) => json(await call.engine.limits.one(nameOf(call))),
  }),
  route({
    op: 'setLimit',
    right: 'operator',
    method: 'PUT',
    path: '/v1/limits/:name',
    summary:
      'Sets a limit that workflows share. What holds it goes on; what waits may start at once.',
    body: { kind: 'json', name: 'LimitBounds', schema: LimitBounds },
    query: NoParams,
    status: 200,
    answer: 'SharedLimitView',
    handle: put,
  }),
  route({
    op: 'removeLimit',
    right: 'operator',
    method: 'DELETE',
    path: '/v1/limits/:name',
    summary: 'Removes a shared limit. Tasks that name it fail until it is set again.',
    query: NoParams,
    status: 200,
    answer: 'Nothing',
    handle: async (call) => {
      await call.engine.limits.remove(nameOf(call));
      return json({});
    },
  }),
];
