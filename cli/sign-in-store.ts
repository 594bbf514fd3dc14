/** What `login` keeps: the tokens of each server, in a file that its user alone may read. */
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { findToken } from '../src/client/server-token.ts';
import type { Tokens } from '../src/contract/access.ts';

export interface KeptSignIn extends Tokens {
  readonly name: string;
}

interface Kept {
  /** By the address of the server. */
  readonly servers: Readonly<Record<string, KeptSignIn>>;
  /** Names for servers, as `--profile` takes them. */
  readonly profiles: Readonly<Record<string, string>>;
}

type Environment = Readonly<Record<string, string | undefined>>;

const fileIn = (env: Environment): string =>
  join(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config'), 'fanfold', 'sign-ins.json');

export function readKept(env: Environment): Kept {
  try {
    const kept = JSON.parse(readFileSync(fileIn(env), 'utf8')) as Partial<Kept>;
    return { servers: kept.servers ?? {}, profiles: kept.profiles ?? {} };
  } catch {
    return { servers: {}, profiles: {} };
  }
}

function write(env: Environment, kept: Kept): void {
  const file = fileIn(env);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const beside = `${file}.${process.pid}`;
  writeFileSync(beside, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 });
  chmodSync(beside, 0o600);
  renameSync(beside, file);
}

const originOf = (url: string): string => new URL(url).origin;

export const keptFor = (env: Environment, url: string): KeptSignIn | undefined =>
  readKept(env).servers[originOf(url)];

/** `signIn` undefined: forgets it. */
export function keep(
  env: Environment,
  url: string,
  signIn: KeptSignIn | undefined,
  profile?: string,
): void {
  const { servers, profiles } = readKept(env);
  const { [originOf(url)]: _, ...others } = servers;
  write(env, {
    servers: signIn === undefined ? others : { ...others, [originOf(url)]: signIn },
    profiles: profile === undefined ? profiles : { ...profiles, [profile]: url },
  });
}

/** A token that ends so soon is changed for a new one before it is used. */
const SOON_MS = 30_000;

/** `send`, with whatever says to the server who calls: FANFOLD_TOKEN, a server's own file, or what `login` kept. */
export function signedInFetch(
  url: string,
  env: Environment,
  send: typeof fetch,
  now: () => number,
): typeof fetch {
  return async (input, init) => {
    const asked = input instanceof Request ? input.url : String(input);
    // Servers also give addresses of others, where files lie; who calls is no concern of theirs.
    if (originOf(asked) !== originOf(url)) return send(input, init);
    const token = await tokenFor(url, env, send, now);
    if (token === undefined) return send(input, init);
    const headers = new Headers(init?.headers);
    headers.set('authorization', `Bearer ${token}`);
    return send(input, { ...init, headers });
  };
}

async function tokenFor(url: string, env: Environment, send: typeof fetch, now: () => number) {
  const given = env.FANFOLD_TOKEN || findToken(url);
  if (given) return given;
  const kept = keptFor(env, url);
  if (kept === undefined || kept.expiresAt - now() > SOON_MS) return kept?.accessToken;
  return (await refreshed(url, env, kept, send))?.accessToken;
}

/** Undefined when the sign-in has ended: then the call is refused, and says what to do. */
async function refreshed(url: string, env: Environment, kept: KeptSignIn, send: typeof fetch) {
  const answer = await send(new URL('/v1/sessions/refresh', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ refreshToken: kept.refreshToken }),
  });
  if (!answer.ok) return undefined;
  const tokens = (await answer.json()) as Tokens;
  const signIn = { ...tokens, name: kept.name };
  keep(env, url, signIn);
  return signIn;
}
