import type { PoolSize, Provisioner } from '../../ports/provisioner.ts';
import { Unavailable } from '../../ports/table.ts';
import { poolOf, withinCap } from '../pool-bounds.ts';
import { answerBytesMax, answerMsMax, PoolSizeAnswer } from './datacenter-contract.ts';

export interface DatacenterOptions {
  /** Where its API is, https unless it is on this machine. */
  readonly url: string;
  /** Given one that was refused, it may know a newer one. */
  readonly token: (refused?: string) => Promise<string>;
  readonly pools: Readonly<Record<string, { readonly runnersMax: number }>>;
  /** Silence of so long is no answer. Default: 5 s. */
  readonly msMax?: number;
}

const refusedStatus = 401;
const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** Pools of runners that somebody else's API starts and stops: `docs/datacenter-api.openapi.json`. Nothing that it answers is believed unseen. */
export function datacenterProvisioner(options: DatacenterOptions): Provisioner {
  const base = new URL(options.url);
  if (base.protocol !== 'https:' && !loopback.test(base.hostname))
    throw new Error(`a data centre's address begins with https, not as ${options.url} does`);
  return {
    async read(pool) {
      poolOf(options.pools, pool);
      const answer = await ask(options, pool, { method: 'GET' });
      return sizeFrom(pool, await textOf(pool, answer));
    },
    async set(pool, runners) {
      const count = withinCap(runners, poolOf(options.pools, pool).runnersMax);
      const body = JSON.stringify({ runners: count });
      const headers = { 'content-type': 'application/json' };
      const answer = await ask(options, pool, { method: 'PUT', headers, body });
      await answer.body?.cancel();
    },
  };
}

async function ask(
  { url, token, msMax = answerMsMax }: DatacenterOptions,
  pool: string,
  request: { method: string; headers?: Record<string, string>; body?: string },
): Promise<Response> {
  const place = `${url.replace(/\/+$/, '')}/pools/${encodeURIComponent(pool)}`;
  const call = (bearer: string) =>
    fetch(place, {
      ...request,
      headers: { ...request.headers, authorization: `Bearer ${bearer}` },
      // A token must not be carried elsewhere.
      redirect: 'manual',
      signal: AbortSignal.timeout(msMax),
    }).catch((error: unknown) => {
      throw new Unavailable(`the data centre of pool ${pool}: ${reasonOf(error)}`);
    });
  const first = await token();
  let answer = await call(first);
  if (answer.status === refusedStatus) {
    const newer = await token(first);
    if (newer !== first) {
      await answer.body?.cancel();
      answer = await call(newer);
    }
  }
  if (answer.ok) return answer;
  await answer.body?.cancel();
  const hint = answer.status === refusedStatus ? ': it refuses our token' : '';
  throw new Unavailable(`the data centre of pool ${pool} answers ${answer.status}${hint}`);
}

/** What it says, of which no more is read than an honest answer has. */
async function textOf(pool: string, { body }: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const part of body ?? []) {
      bytes += part.length;
      if (bytes > answerBytesMax) break;
      parts.push(part);
    }
  } catch (error) {
    throw new Unavailable(`the data centre of pool ${pool}: ${reasonOf(error)}`);
  }
  if (bytes > answerBytesMax)
    throw new Unavailable(`the data centre of pool ${pool} answers with too much`);
  return Buffer.concat(parts).toString('utf8');
}

function sizeFrom(pool: string, text: string): PoolSize {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw new Unavailable(`the data centre of pool ${pool} answers no JSON`);
  }
  const { success, data } = PoolSizeAnswer.safeParse(given);
  if (!success) throw new Unavailable(`the data centre of pool ${pool} answers no size of a pool`);
  return data;
}

function reasonOf(error: unknown): string {
  const { message, cause } = error instanceof Error ? error : new Error(String(error));
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}
