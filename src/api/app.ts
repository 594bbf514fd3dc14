import { Hono } from 'hono';
import { Problem } from '../contract/problem.ts';
import type { Engine } from '../engine/engine.ts';
import { readBytes, readJson, textOf } from './body.ts';
import { type GuardOptions, guard } from './guard.ts';
import { openApi } from './openapi.ts';
import { parseWith, problemResponse } from './problem-response.ts';
import { type Call, json, type Route } from './route.ts';
import { routes } from './routes.ts';

export interface AppOptions {
  /** Of a request's body. Default: 64 MB. */
  readonly bodyBytesMax?: number;
  /** Who may call. Default: loopback names and no foreign origin; a server behind a gateway opens it. */
  readonly guard?: GuardOptions;
  /** Whether the engine can take work now; `/readyz` answers it. Default: always. */
  readonly isReady?: () => boolean;
  /** Hears of errors that are ours. */
  readonly onError?: (error: unknown, requestId: string) => void;
}

const BODY_BYTES_MAX = 64 * 1024 * 1024;

/** The HTTP API over an engine. It knows no server: `serve.ts` and functions put one in front. */
export function createApp(engine: Engine, options: AppOptions = {}): Hono {
  const app = new Hono();
  const bytesMax = options.bodyBytesMax ?? BODY_BYTES_MAX;
  const guarding = options.guard ?? { hosts: 'loopback' };
  app.use(async (c, next) => {
    guard(c.req.raw, guarding);
    await next();
  });
  for (const row of routes) {
    app.on(row.method, row.path, async (c) => {
      const call = await callOf(
        row,
        engine,
        c.req.raw,
        (name) => c.req.param(name) ?? '',
        bytesMax,
      );
      return row.handle(call as never);
    });
  }
  addOwnRoutes(app, options);
  app.notFound((c) => notFound(c.req.raw, new URL(c.req.url).pathname));
  app.onError((error, c) =>
    problemResponse(error, { instance: c.req.path, onError: options.onError }),
  );
  return app;
}

function addOwnRoutes(app: Hono, options: AppOptions): void {
  let description: object | undefined;
  app.get('/healthz', () => json({ status: 'ok' }));
  app.get('/readyz', () => {
    if (options.isReady?.() ?? true) return json({ status: 'ready' });
    throw new Problem('unavailable', 'not ready yet, or closing');
  });
  app.get('/v1/openapi.json', () => {
    description ??= openApi(routes);
    return json(description);
  });
}

async function callOf(
  row: Route,
  engine: Engine,
  request: Request,
  param: (name: string) => string,
  bytesMax: number,
): Promise<Call> {
  const query = row.query === undefined ? {} : parseQuery(row, request);
  return { engine, request, param, query, body: await bodyOf(row, request, bytesMax) };
}

function parseQuery(row: Route, request: Request): unknown {
  const at = request.url.indexOf('?');
  const params = new URLSearchParams(at === -1 ? '' : request.url.slice(at));
  return parseWith(row.query as never, Object.fromEntries(params), 'the query');
}

async function bodyOf(row: Route, request: Request, bytesMax: number): Promise<Call['body']> {
  if (row.body === undefined) return undefined;
  if (row.body.kind === 'text') return textOf(await readBytes(request, bytesMax));
  return readJson(request, bytesMax, row.body.optional === true);
}

const known = [
  ...routes,
  ...['/healthz', '/readyz', '/v1/openapi.json'].map((path) => ({ method: 'GET' as const, path })),
].map(({ method, path }) => ({
  method,
  pattern: new RegExp(`^${path.replace(/\/:\w+/g, '/[^/]+')}/?$`),
}));

/** Tells an unknown path from a known one with another method. */
function notFound(request: Request, path: string): Response {
  const methods = known.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
  if (methods.length === 0) {
    const problem = new Problem(
      'route-unknown',
      `nothing is at ${path.slice(0, 200)}; see /v1/openapi.json`,
    );
    return problemResponse(problem, { instance: path });
  }
  const allow = [...new Set(methods), ...(methods.includes('GET') ? ['HEAD'] : [])].join(', ');
  const problem = new Problem('method-unknown', `${request.method} is not among ${allow}`);
  return problemResponse(problem, { instance: path, headers: { allow } });
}
