import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers instead of the reference: to be hostile. */
export type Instead = (request: IncomingMessage, response: ServerResponse) => void;

export interface Datacenter {
  readonly url: string;
  /** All that was asked for, in order. */
  readonly asked: readonly unknown[];
  instead: Instead | undefined;
  close(): Promise<void>;
}

/** The reference of `docs/datacenter-api.openapi.json`: pools of runners that start at once. */
export async function startDatacenter(
  token: string,
  pools: readonly string[],
): Promise<Datacenter> {
  const wanted = new Map(pools.map((pool) => [pool, 0]));
  const asked: unknown[] = [];
  const server = createServer(async (request, response) => {
    if (datacenter.instead) return datacenter.instead(request, response);
    const answer = (status: number, body?: object) =>
      void response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(body && JSON.stringify(body));
    const [, pool = ''] = /^\/api\/pools\/([^/]+)$/.exec(request.url ?? '') ?? [];
    const runners = wanted.get(decodeURIComponent(pool));
    if (request.headers.authorization !== `Bearer ${token}`) return answer(401);
    if (runners === undefined) return answer(404);
    if (request.method === 'GET')
      return answer(200, { wanted: runners, running: runners, note: 1 });
    if (request.method !== 'PUT') return answer(405);
    const body = JSON.parse(await textOf(request));
    asked.push(body);
    if (!Number.isInteger(body.runners) || body.runners < 0) return answer(400);
    wanted.set(decodeURIComponent(pool), body.runners);
    answer(204);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const datacenter: Datacenter = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/`,
    asked,
    instead: undefined,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return datacenter;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}
