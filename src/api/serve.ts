import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { Problem } from '../contract/problem.ts';
import type { Engine } from '../engine/engine.ts';
import { type AppOptions, createApp } from './app.ts';

export const PORT_USUAL = 7420;
/** How many ports are tried from the usual one on. */
const PORTS_TRIED = 20;
/** What may still be answered when the server closes; long polls are cut off. */
const CLOSE_GRACE_MS = 250;
const KEEP_ALIVE_MS = 30_000;
/** A cursor of the longest kind, each character of it escaped, and room beside it: what is longer gets no words of ours. */
const HEADER_BYTES_MAX = 128 * 1024;

export interface ServeOptions extends AppOptions {
  /** Default: the loopback address. */
  readonly host?: string;
  /** Default: the usual one, or the next that is free. A given one is taken or refused; 0 takes any. */
  readonly port?: number;
}

export interface Serving {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

const loopback = '127.0.0.1';

/** Serves the API. */
export async function serveApi(engine: Engine, options: ServeOptions = {}): Promise<Serving> {
  const app = createApp(engine, options);
  const server = createAdaptorServer({
    fetch: app.fetch,
    serverOptions: { keepAliveTimeout: KEEP_ALIVE_MS, maxHeaderSize: HEADER_BYTES_MAX },
  }) as Server;
  const host = options.host ?? loopback;
  await listenSomewhere(server, host, options.port);
  const { port } = server.address() as AddressInfo;
  return { url: `http://${nameIn(host)}:${port}`, port, close: () => close(server) };
}

/** How this machine itself calls a server that listens there. */
function nameIn(host: string): string {
  if (host === '0.0.0.0' || host === '::') return loopback;
  return host.includes(':') ? `[${host}]` : host;
}

async function listenSomewhere(
  server: Server,
  host: string,
  given: number | undefined,
): Promise<void> {
  if (given !== undefined) {
    if (await listen(server, host, given)) return;
    throw new Problem('unavailable', `port ${given} is taken; give another one, or none`);
  }
  for (let port = PORT_USUAL; port < PORT_USUAL + PORTS_TRIED; port++) {
    if (await listen(server, host, port)) return;
  }
  await listen(server, host, 0);
}

/** False: the port is taken. */
function listen(server: Server, host: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException) => {
      server.off('listening', onListening);
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false);
      else reject(error);
    };
    const onListening = () => {
      server.off('error', onError);
      resolve(true);
    };
    server.once('error', onError);
    server.once('listening', onListening);
    server.listen(port, host);
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
