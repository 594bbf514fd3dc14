import { Hono } from 'hono';
import type { Access } from '../access/access.ts';
import type { Audit } from '../access/audit.ts';
import { SIGN_IN_MS } from '../access/sign-ins.ts';
import type { SubmitRequest } from '../contract/api.ts';
import { Problem } from '../contract/problem.ts';
import type { Engine } from '../engine/engine.ts';
import { noteChange } from './audit.ts';
import { parseJson, readBytes, readJsonBytes, textOf } from './body.ts';
import { descriptionPage } from './description-page.ts';
import { tagged } from './etag.ts';
import { type GuardOptions, guard } from './guard.ts';
import { openApi } from './openapi.ts';
import { parseWith, problemResponse, statusOf } from './problem-response.ts';
import { type Call, json, type Route } from './route.ts';
import { routes } from './routes.ts';
import { checkRight, knownCaller, nobody, setCookie } from './who.ts';

export interface AppOptions {
  /** Of a request's body. Default: 64 MB. */
  readonly bodyBytesMax?: number;
  /** Who may call. Default: loopback names and no foreign origin; a server behind a gateway opens it. */
  readonly guard?: GuardOptions;
  /** Who callers are, and what they may. Default: nobody is asked, everybody may do all, as behind a gateway that asks. */
  readonly access?: Access;
  /** Where changes are noted, with who made them. Default: nowhere. */
  readonly audit?: Audit;
  /** Whether the engine can take work now; `/readyz` answers it. Default: always. */
  readonly isReady?: () => boolean;
  /** Reads a submit of many bytes elsewhere, so that others are answered meanwhile. Default: here. */
  readonly readLargeSubmit?: (body: Uint8Array) => Promise<SubmitRequest>;
  /** Answers what is no route: the dashboard's files. */
  readonly pages?: (path: string) => Promise<Response | undefined>;
  /** Hears of errors that are ours. */
  readonly onError?: (error: unknown, requestId: string) => void;
}

const BODY_BYTES_MAX = 64 * 1024 * 1024;
/** To read as much takes some 50 ms. */
const LARGE_BYTES = 1024 * 1024;

/** The HTTP API over an engine. It knows no server: `serve.ts` and functions put one in front. */
export function createApp(engine: Engine, options: AppOptions = {}): Hono {
  const app = new Hono();
  const guarding = options.guard ?? { hosts: 'loopback' };
  app.use(async (c, next) => {
    guard(c.req.raw, guarding);
    await next();
  });
  for (const row of routes) {
    // Names of sub-tasks have slashes, which gateways hand on unescaped.
    app.on(row.method, row.path.replace(/:task$/, ':task{.+}'), async (c) => {
      const param = (name: string) => c.req.param(name) ?? '';
      const from = addressOf(c.env);
      return answerOf(row, { engine, request: c.req.raw, param, from }, options);
    });
  }
  addOwnRoutes(app, options);
  app.notFound(async (c) => {
    const isRead = c.req.method === 'GET' || c.req.method === 'HEAD';
    const page = isRead ? await options.pages?.(c.req.path) : undefined;
    return page ?? notFound(c.req.raw, new URL(c.req.url).pathname);
  });
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
  app.get('/open', (c) => openLink(options.access, c.req.raw));
  app.get('/v1/openapi.json', () => {
    description ??= openApi(routes);
    return json(description);
  });
  app.get('/v1/docs', () => descriptionPage(routes));
}

type Asked = Pick<Call, 'engine' | 'request' | 'param' | 'from'>;

/** Finds out who calls, and whether they may; acts; and notes in the audit what that changed. */
async function answerOf(row: Route, asked: Asked, options: AppOptions): Promise<Response> {
  const { request } = asked;
  const { access, audit } = options;
  refuseTokenInAddress(request);
  const read = (most: AppOptions) => callOf(row, asked, most);
  const early = isTokenInBody(row, request) ? await read(untrusted) : undefined;
  const caller = await knownCaller(access, request, tokenIn(early?.body));
  let call = { ...asked, access, audit, caller: caller ?? nobody, body: early?.body };
  try {
    checkRight(access, request, row.right, caller);
    call = { ...call, ...(early ?? (await read(options))) };
    const answer = await row.handle(call as never);
    await noteChange(audit, row, call, answer.status, answer.headers.get('location'));
    return await tagged(request, answer);
  } catch (error) {
    await noteChange(audit, row, call, statusOf(error), null);
    throw error;
  }
}

/** What is read before it is known who calls is small. */
const untrusted: AppOptions = { bodyBytesMax: 1024 * 1024 };

const isTokenInBody = ({ tokenInBody }: Route, request: Request): boolean =>
  tokenInBody === true &&
  !request.headers.has('authorization') &&
  request.headers.get('content-type')?.startsWith('application/json') === true;

function tokenIn(body: unknown): string | undefined {
  const { accessToken } = (body ?? {}) as { readonly accessToken?: unknown };
  return typeof accessToken === 'string' ? accessToken : undefined;
}

/** Addresses end up in logs, and in the history of browsers. */
function refuseTokenInAddress({ url }: Request): void {
  if (!/[?&](?:accessToken|access_token|refreshToken)=/i.test(url)) return;
  throw new Problem(
    'body-invalid',
    'a token does not belong in an address: send it in the header Authorization: Bearer TOKEN',
  );
}

/** Where a request comes from: as Node's server tells it, or as the gateway does. */
function addressOf(env: unknown): string {
  const { incoming, requestContext } = (env ?? {}) as {
    readonly incoming?: { readonly socket?: { readonly remoteAddress?: string } };
    readonly requestContext?: { readonly http?: { readonly sourceIp?: string } };
  };
  return incoming?.socket?.remoteAddress ?? requestContext?.http?.sourceIp ?? '';
}

/** Signs a browser in by a one-time link. One that has the cookie already only goes on. */
async function openLink(access: Access | undefined, request: Request): Promise<Response> {
  const headers = { location: '/', 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' };
  const link = new URL(request.url).searchParams.get('link') ?? '';
  const cookie = await access?.openLink(link);
  if (cookie === undefined)
    checkRight(access, request, 'viewer', await knownCaller(access, request));
  return new Response(null, {
    status: 303,
    headers:
      cookie === undefined
        ? headers
        : { ...headers, 'set-cookie': setCookie(request, cookie, SIGN_IN_MS) },
  });
}

async function callOf(
  row: Route,
  { request }: Asked,
  options: AppOptions,
): Promise<Pick<Call, 'query' | 'body' | 'bytes' | 'submit'>> {
  const query = row.query === undefined ? {} : parseQuery(row, request);
  return { query, ...(await bodyOf(row, request, options)) };
}

function parseQuery(row: Route, request: Request): unknown {
  const at = request.url.indexOf('?');
  const params = new URLSearchParams(at === -1 ? '' : request.url.slice(at));
  return parseWith(row.query as never, Object.fromEntries(params), 'the query');
}

async function bodyOf(
  { body }: Route,
  request: Request,
  options: AppOptions,
): Promise<Pick<Call, 'body' | 'bytes' | 'submit'>> {
  const bytesMax = options.bodyBytesMax ?? BODY_BYTES_MAX;
  if (body === undefined) return { body: undefined };
  if (body.kind === 'text') return { body: textOf(await readBytes(request, bytesMax)) };
  if (body.kind === 'bytes') return { body: undefined, bytes: await readBytes(request, bytesMax) };
  const bytes = await readJsonBytes(request, bytesMax, body.optional === true);
  if (bytes === undefined) return { body: undefined };
  const { readLargeSubmit } = options;
  if (readLargeSubmit && body.name === 'SubmitRequest' && bytes.byteLength > LARGE_BYTES)
    return { body: undefined, submit: await readLargeSubmit(bytes) };
  return { body: parseJson(bytes) };
}

const known = [
  ...routes,
  ...['/healthz', '/readyz', '/open', '/v1/docs', '/v1/openapi.json'].map((path) => ({
    method: 'GET' as const,
    path,
  })),
].map(({ method, path }) => ({
  method,
  path,
  pattern: new RegExp(`^${path.replace(/\/:\w+/g, '/[^/]+')}/?$`),
}));

/** Tells an unknown path from a known one with another method. */
function notFound(request: Request, path: string): Response {
  const fitting = known.filter(({ pattern }) => pattern.test(path));
  // Of a path that is a row's own, what else could stand for a parameter there is no matter.
  const own = fitting.filter((row) => row.path === path);
  const methods = (own.length > 0 ? own : fitting).map(({ method }) => method);
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
