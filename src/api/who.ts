/** Who calls, and whether they may. */
import type { Access } from '../access/access.ts';
import { anybody, type Caller, type Credentials } from '../access/callers.ts';
import { isAtLeast, type Right } from '../contract/access.ts';
import { Problem } from '../contract/problem.ts';
import { HttpRefusal } from './problem-response.ts';

/** Cookies are sent to every port of a host, so each server has a name of its own. */
export function cookieName(request: Request): string {
  const host = request.headers.get('host') ?? new URL(request.url).host;
  return `fanfold-${/:(\d+)$/.exec(host)?.[1] ?? 'web'}`;
}

const isEncrypted = (request: Request): boolean =>
  request.url.startsWith('https:') || request.headers.get('x-forwarded-proto') === 'https';

/** `value` undefined: takes it away. */
export function setCookie(request: Request, value: string | undefined, maxAgeMs: number): string {
  const age = value === undefined ? 0 : Math.floor(maxAgeMs / 1000);
  const secure = isEncrypted(request) ? '; Secure' : '';
  return `${cookieName(request)}=${value ?? ''}; Path=/; Max-Age=${age}; HttpOnly; SameSite=Strict${secure}`;
}

function cookieOf(request: Request): string | undefined {
  const name = `${cookieName(request)}=`;
  const pairs = (request.headers.get('cookie') ?? '').split(/; */);
  return pairs.find((pair) => pair.startsWith(name))?.slice(name.length);
}

export function credentialsOf(request: Request): Credentials {
  const bearer = /^Bearer +([\x21-\x7e]+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
  if (bearer !== undefined) return { bearer };
  const cookie = cookieOf(request);
  return cookie === undefined || !mayUseCookie(request) ? {} : { cookie };
}

const reads: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/**
 * Browsers add cookies to requests of foreign pages too; those of another port of this host count as the same site.
 * So a cookie counts for our own pages alone: what they change they say the origin of, which the guard has compared.
 */
function mayUseCookie(request: Request): boolean {
  const site = request.headers.get('sec-fetch-site');
  if (site !== null && site !== 'same-origin' && site !== 'none') return false;
  return reads.has(request.method) || request.headers.get('origin') !== null;
}

const signInFirst =
  'sign in first: send `Authorization: Bearer TOKEN`; `fanfold login`, the token in the data folder, or an API key gives one';

/** `token`: came in the body. Undefined: nobody that is known. */
export async function knownCaller(
  access: Access | undefined,
  request: Request,
  token?: string,
): Promise<Caller | undefined> {
  if (access === undefined) return anybody;
  return access.callerOf(token === undefined ? credentialsOf(request) : { bearer: token });
}

/** Throws when the caller may not. */
export function checkRight(
  access: Access | undefined,
  request: Request,
  right: Right,
  caller: Caller | undefined,
): void {
  if (access === undefined || right === 'anyone') return;
  if (caller === undefined) {
    const had = request.headers.has('authorization');
    const why = had ? `this token counts no more; ${signInFirst}` : signInFirst;
    throw new HttpRefusal('not-signed-in', why, { 'www-authenticate': 'Bearer' });
  }
  if (right !== 'signed-in' && !isAtLeast(caller.role, right))
    throw new Problem(
      'not-allowed',
      `${caller.name} is ${caller.role ?? 'nobody'} in ${access.namespace}; this takes ${right}`,
    );
}

export const nobody: Caller = { kind: 'open', name: 'nobody' };
