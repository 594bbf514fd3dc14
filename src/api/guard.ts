/**
 * Keeps pages of other origins out. A page that a browser shows may send requests to loopback addresses too: under a
 * foreign name that it lets point there (DNS rebinding), or straight across origins.
 */
import { HttpRefusal } from './problem-response.ts';

const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]']);

export interface GuardOptions {
  /** Names under which the server may be called. `loopback`: only its loopback names. */
  readonly hosts: 'loopback' | 'any' | readonly string[];
  /** Further origins, such as `http://localhost:5173`, whose pages may call. */
  readonly origins?: readonly string[];
}

function hostOf(request: Request): URL | undefined {
  const header = request.headers.get('host');
  const text = header === null ? request.url : `http://${header}`;
  return URL.canParse(text) ? new URL(text) : undefined;
}

const isAllowedHost = (hosts: GuardOptions['hosts'], name: string): boolean =>
  hosts === 'any' || (hosts === 'loopback' ? loopbackNames.has(name) : hosts.includes(name));

/** Throws when the request is not for us or not from us. */
export function guard(request: Request, options: GuardOptions): void {
  const host = hostOf(request);
  if (host === undefined || !isAllowedHost(options.hosts, host.hostname)) {
    throw new HttpRefusal('host-refused', 'this server does not answer to that Host');
  }
  const origin = request.headers.get('origin');
  if (origin === null || options.origins?.includes(origin) === true) return;
  const isSame = URL.canParse(origin) && new URL(origin).host === host.host;
  if (!isSame) throw new HttpRefusal('origin-refused', 'requests from other origins are refused');
}
