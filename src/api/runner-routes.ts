/** Routes of runners. */
import { NoParams } from './queries.ts';
import { json, type Route, route } from './route.ts';

export const runnerRoutes: readonly Route[] = [
  route({
    op: 'listRunners',
    right: 'viewer',
    method: 'GET',
    path: '/v1/runners',
    summary: 'Runners that are alive, by pool, as their last heartbeats say.',
    query: NoParams,
    status: 200,
    answer: 'PageOfRunnerView',
    handle: async (call) => json({ items: await call.engine.runners(), next: null }),
  }),
];
