/**
 * Bodies of submits. What may hold 100,000 tasks or 10,000 runs is checked by hand-written loops, the rest by schema:
 * a schema library takes longer on such a body than the engine.
 */
import * as z from 'zod';
import {
  type SubmitManyRequest,
  SubmitManyRequest as SubmitManySchema,
  type SubmitRequest,
  SubmitRequest as SubmitSchema,
  ulidPattern,
} from '../contract/api.ts';
import type { Json, JsonObject } from '../contract/json.ts';
import { Problem } from '../contract/problem.ts';
import { parseWith } from './problem-response.ts';
import { parseWorkflow } from './workflow-body.ts';

const RUNS_MAX = 10_000;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

// The bodies come from JSON.parse, so what is inside is JSON already.
const Input = z.custom<JsonObject>(isObject, 'expected an object').optional();
const SubmitEnvelope = SubmitSchema.extend({ workflow: z.unknown(), input: Input });
const SubmitManyEnvelope = SubmitManySchema.extend({ workflow: z.unknown(), runs: z.unknown() });

export function parseSubmit(body: Json | undefined): SubmitRequest {
  const envelope = parseWith(SubmitEnvelope, body, 'the body');
  return { ...envelope, workflow: parseWorkflow(envelope.workflow) } as SubmitRequest;
}

export function parseSubmitMany(body: Json | undefined): SubmitManyRequest {
  const envelope = parseWith(SubmitManyEnvelope, body, 'the body');
  const runs = parseRuns(envelope.runs);
  return { ...envelope, workflow: parseWorkflow(envelope.workflow), runs } as SubmitManyRequest;
}

function refuse(pointer: string, message: string): never {
  throw new Problem('body-invalid', `${pointer}: ${message}`, [{ pointer, message }]);
}

function parseRuns(runs: unknown): SubmitManyRequest['runs'] {
  if (!Array.isArray(runs)) refuse('/runs', 'expected a list');
  if (runs.length === 0) refuse('/runs', 'expected at least one run');
  if (runs.length > RUNS_MAX) refuse('/runs', `at most ${RUNS_MAX} runs in one call`);
  const ids = new Set<string>();
  for (const [index, run] of runs.entries()) {
    const wrong = mistakeOf(run, ids);
    if (wrong !== undefined) refuse(`/runs/${index}${wrong.at}`, wrong.message);
  }
  return runs as SubmitManyRequest['runs'];
}

interface Mistake {
  readonly at: string;
  readonly message: string;
}

function mistakeOf(run: unknown, ids: Set<string>): Mistake | undefined {
  if (!isObject(run)) return { at: '', message: 'expected an object' };
  for (const field in run) {
    const message = fieldMistake(field, run[field], ids);
    if (message !== undefined) return { at: `/${field}`, message };
  }
  return undefined;
}

function fieldMistake(field: string, value: unknown, ids: Set<string>): string | undefined {
  if (field === 'input') return isObject(value) ? undefined : 'expected an object';
  if (field !== 'id') return 'unknown field';
  if (typeof value !== 'string' || !ulidPattern.test(value)) return 'expected a ULID';
  if (ids.has(value)) return 'the same id twice';
  ids.add(value);
  return undefined;
}
