/** One call over HTTP: retried where that is safe, refusals as `Problem`. */
import { Problem, type ProblemCode, type ProblemDetail, problems } from '../contract/problem.ts';
import { isOwnMachine } from './own-machine.ts';

export interface HttpOptions {
  /** Where the server listens, such as `http://127.0.0.1:7420`. */
  readonly url: string;
  readonly fetch?: typeof fetch;
  readonly headers?: Readonly<Record<string, string>>;
  readonly sleep?: (ms: number) => Promise<void>;
}

export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly body?: unknown;
  /** The call's name, by which the server knows it again. */
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the same call twice does no more than once. */
  readonly repeatable: boolean;
  /** Waits for a server that is gone, some seconds, as it may be restarting. */
  readonly patient?: boolean;
}

const TRIES_MAX = 4;
const TRIES_MAX_PATIENT = 9;
const DELAY_MS_MIN = 100;
const DELAY_MS_MAX = 2_000;

export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));

/** The body of an answer, and whether it replays an earlier one. */
export interface Answer {
  readonly body: unknown;
  readonly isReplay: boolean;
}

export async function callHttp(options: HttpOptions, call: HttpCall): Promise<Answer> {
  const triesMax = call.patient === true ? TRIES_MAX_PATIENT : TRIES_MAX;
  for (let tries = 1; ; tries++) {
    const last = !call.repeatable || tries >= triesMax;
    const outcome = await tryOnce(options, call);
    if (outcome.kind === 'answer') return outcome.answer;
    if (last || !outcome.mayPass) throw outcome.problem;
    await (options.sleep ?? pause)(Math.min(DELAY_MS_MAX, DELAY_MS_MIN * 2 ** (tries - 1)));
  }
}

/** An answer that is bytes, or leads to where they are. Not tried again: who reads it knows how far it came. */
export async function getBytes(options: HttpOptions, path: string): Promise<Response> {
  const response = await (options.fetch ?? fetch)(new URL(path, options.url), {
    redirect: 'manual',
    headers: { ...options.headers },
  });
  if (response.ok || response.status === 307) return response;
  throw problemOf(response.status, await readAnswer(response));
}

type Outcome =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'refused'; readonly problem: Problem; readonly mayPass: boolean };

async function tryOnce(options: HttpOptions, call: HttpCall): Promise<Outcome> {
  let response: Response;
  try {
    response = await (options.fetch ?? fetch)(new URL(call.path, options.url), {
      method: call.method,
      headers: {
        ...options.headers,
        ...call.headers,
        accept: 'application/json',
        ...(call.key !== undefined && { 'idempotency-key': call.key }),
        ...(call.body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
    });
    const body = await readAnswer(response);
    if (response.ok) return { kind: 'answer', answer: { body, isReplay: isReplay(response) } };
    const problem = problemOf(response.status, body);
    return { kind: 'refused', problem, mayPass: passing.has(response.status) };
  } catch (error) {
    if (error instanceof Problem) throw error;
    return unreachable(options.url, error, call.patient === true);
  }
}

/** Who is busy, or a gateway whose server did not answer in time. */
export const passing: ReadonlySet<number> = new Set([429, 502, 503, 504]);

const isReplay = (response: Response): boolean =>
  response.headers.get('idempotent-replay') === 'true';

async function readAnswer(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    const said = text.slice(0, 120).replaceAll(/\s+/g, ' ');
    throw new Problem(
      'unavailable',
      `the server answered ${response.status}, but not JSON: ${said}`,
    );
  }
}

const isKnown = (code: unknown): code is ProblemCode =>
  typeof code === 'string' && Object.hasOwn(problems, code);

function problemOf(status: number, body: unknown): Problem {
  const { code, detail, errors } = (body ?? {}) as Readonly<Record<string, unknown>>;
  const message = typeof detail === 'string' ? detail : `the server answered ${status}`;
  const details = Array.isArray(errors) ? (errors as ProblemDetail[]) : [];
  return new Problem(isKnown(code) ? code : 'unavailable', message, details);
}

/** The code of a failed connection, which `fetch` hides in causes. */
function codeOf(error: unknown): string {
  const { cause, code } = (error ?? {}) as { readonly cause?: unknown; readonly code?: unknown };
  if (typeof code === 'string') return code;
  return cause === undefined ? '' : codeOf(cause);
}

/** `fetch` itself says no more than that it failed. */
function reasonOf(error: unknown): string {
  const { cause, message } = (error ?? {}) as {
    readonly cause?: unknown;
    readonly message?: unknown;
  };
  if (cause !== undefined) return reasonOf(cause);
  return typeof message === 'string' ? message : String(error);
}

const startOne = 'start one with `npx fanfold serve`, or name another with --url';
const checkIt =
  'is the address right, and the network there? A deployment prints its own as ApiUrl, with its region in it';

function unreachable(url: string, error: unknown, patient: boolean): Outcome {
  const code = codeOf(error);
  const nobody = code === 'ECONNREFUSED' || code === 'ENOTFOUND';
  const why = code || reasonOf(error);
  const message = nobody
    ? `no server answers at ${url} (${code}); ${isOwnMachine(url) ? startOne : checkIt}`
    : `the connection to ${url} failed (${why})`;
  return {
    kind: 'refused',
    problem: new Problem('server-unreachable', message),
    mayPass: patient || !nobody,
  };
}
