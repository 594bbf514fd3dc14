import type * as z from 'zod';
import type { Access } from '../access/access.ts';
import type { Audit } from '../access/audit.ts';
import type { Caller } from '../access/callers.ts';
import type { Right } from '../contract/access.ts';
import type { SubmitRequest } from '../contract/api.ts';
import type { Json } from '../contract/json.ts';
import type { Engine } from '../engine/engine.ts';

/** What a route's handler gets: the request, taken apart and checked. */
export interface Call<Query = unknown> {
  readonly engine: Engine;
  /** Undefined where nobody is asked who they are. */
  readonly access: Access | undefined;
  /** Undefined where none is kept. */
  readonly audit: Audit | undefined;
  readonly caller: Caller;
  /** The address that it comes from; empty when unknown. */
  readonly from: string;
  readonly request: Request;
  /** A parameter of the path. */
  param(name: string): string;
  readonly query: Query;
  /** Of routes that take one: JSON, or text. */
  readonly body: Json | undefined;
  /** Of routes that take neither JSON nor text. */
  readonly bytes?: Uint8Array;
  /** A large submit, in place of its body: checked already. */
  readonly submit?: SubmitRequest;
}

/** One row of the API: what the router, the OpenAPI description and the tests are made from. */
export interface Route<Query = never> {
  /** Stable: the `operationId`, the client's method. */
  readonly op: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Hono's form: `:name` for a parameter. */
  readonly path: string;
  readonly summary: string;
  /** The least that its caller must be. */
  readonly right: Right;
  readonly body?: {
    readonly kind: 'json' | 'text' | 'bytes';
    /** Its schema's name in the description, and the schema. */
    readonly name?: string;
    readonly schema?: z.ZodType;
    readonly optional?: boolean;
  };
  /** Its body may hold the caller's token as `accessToken`, in place of the header. */
  readonly tokenInBody?: true;
  /** A GET that changes something. */
  readonly acts?: true;
  readonly query?: z.ZodType<Query>;
  /** The status of a success, and the name of the shape it carries. */
  readonly status: number;
  readonly answer: string;
  readonly handle: (call: Call<Query>) => Promise<Response>;
}

/** Checks the row's types against each other, then forgets the query's, so that rows fit in one table. */
export const route = <Query>(row: Route<Query>): Route => row as unknown as Route;

const compact = { 'content-type': 'application/json', 'cache-control': 'no-store' };

export const json = (
  value: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Response => new Response(JSON.stringify(value), { status, headers: { ...compact, ...headers } });
