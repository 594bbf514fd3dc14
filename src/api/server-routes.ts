/** Routes of what the server knows of itself. */
import { Problem } from '../contract/problem.ts';
import { NoParams } from './queries.ts';
import { type Call, json, type Route, route, type ServerSelf } from './route.ts';

function selfOf({ server }: Pick<Call, 'server'>): ServerSelf {
  if (server !== undefined) return server;
  throw new Problem('route-unknown', 'there is no one server here that could tell of itself');
}

export const serverRoutes: readonly Route[] = [
  route({
    op: 'getServer',
    right: 'viewer',
    method: 'GET',
    path: '/v1/server',
    summary: 'The server: version, clock, disk, runs that cannot go on, and what it found damaged.',
    query: NoParams,
    status: 200,
    answer: 'ServerView',
    handle: async (call) => json(await selfOf(call as unknown as Call).view()),
  }),
  route({
    op: 'getMetrics',
    right: 'viewer',
    method: 'GET',
    path: '/metrics',
    summary: 'Metrics of the server, in the text format of Prometheus.',
    query: NoParams,
    status: 200,
    answer: 'Metrics',
    media: 'text/plain',
    handle: async (call) => {
      const { type, text } = await selfOf(call as unknown as Call).metrics();
      return new Response(text, {
        headers: { 'content-type': type, 'cache-control': 'no-store' },
      });
    },
  }),
];
