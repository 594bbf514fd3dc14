/** From a refusal to an answer: `application/problem+json` (RFC 9457). */
import * as z from 'zod';
import { Problem, type ProblemDetail, problems } from '../contract/problem.ts';
import { Unavailable } from '../ports/table.ts';

/** Refusals of HTTP itself, which no caller of the engine can meet. */
export const httpRefusals = {
  'host-refused': { status: 403, retry: false },
  'origin-refused': { status: 403, retry: false },
  'content-type-unknown': { status: 415, retry: false },
  'internal-error': { status: 500, retry: false },
} as const;
export type RefusalCode = keyof typeof problems | keyof typeof httpRefusals;

/** A refusal of HTTP itself, or one whose answer carries headers of its own. */
export class HttpRefusal extends Error {
  readonly code: RefusalCode;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: RefusalCode, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = 'HttpRefusal';
    this.code = code;
    this.headers = headers;
  }
}

/** How many mistakes are told at once. */
const MISTAKES_MAX = 20;

interface Refusal {
  readonly code: RefusalCode;
  readonly message: string;
  readonly details: readonly ProblemDetail[];
}

const table: Readonly<Record<RefusalCode, { readonly status: number; readonly retry: boolean }>> = {
  ...problems,
  ...httpRefusals,
};

function refusalOf(error: unknown): Refusal {
  if (error instanceof Problem) return error;
  if (error instanceof HttpRefusal) {
    return { code: error.code, message: error.message, details: [] };
  }
  if (error instanceof Unavailable) {
    return { code: 'unavailable', message: error.message, details: [] };
  }
  return { code: 'internal-error', message: 'an error of ours; it was logged', details: [] };
}

export const statusOf = (error: unknown): number => table[refusalOf(error).code].status;

export interface ProblemContext {
  readonly instance: string;
  /** Hears of errors that are ours, with the id that the answer carries. */
  readonly onError?: ((error: unknown, requestId: string) => void) | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

export function problemResponse(error: unknown, context: ProblemContext): Response {
  const { code, message, details } = refusalOf(error);
  const { status, retry } = table[code];
  const requestId = crypto.randomUUID();
  if (status === 500) context.onError?.(error, requestId);
  const body = {
    type: `/problems/${code}`,
    title: code.replaceAll('-', ' '),
    status,
    detail: message,
    instance: context.instance,
    code,
    retryable: retry,
    ...(details.length > 0 && { errors: details }),
    requestId,
  };
  return new Response(`${JSON.stringify(body)}\n`, {
    status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'x-request-id': requestId,
      ...(retry && { 'retry-after': '1' }),
      ...(error instanceof HttpRefusal && error.headers),
      ...context.headers,
    },
  });
}

const escaped = (part: PropertyKey): string =>
  String(part).replaceAll('~', '~0').replaceAll('/', '~1');

const pointerOf = (path: readonly PropertyKey[]): string =>
  path.map((part) => `/${escaped(part)}`).join('');

function fromZod(what: string, error: z.ZodError): Problem {
  const details = error.issues.slice(0, MISTAKES_MAX).map((issue) => ({
    pointer: pointerOf(issue.path),
    message: issue.message,
  }));
  const first = details[0];
  const where = first === undefined ? '' : `: ${first.pointer || 'the whole'}: ${first.message}`;
  return new Problem('body-invalid', `${what} is not as it should be${where}`, details);
}

/** Parses a small value with its schema. */
export function parseWith<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = z.safeParse(schema, value);
  if (!parsed.success) throw fromZod(what, parsed.error);
  return parsed.data;
}
