/** Submits: one run or many, repeatable under a client's id or key. */
import type { SubmitRequest } from '../contract/api.ts';
import { ulidPattern } from '../contract/api.ts';
import { Problem } from '../contract/problem.ts';
import { idOfKey, keyOf } from './idempotency.ts';
import { type Call, json } from './route.ts';
import { parseSubmit, parseSubmitMany } from './submit-body.ts';

async function answer(call: Call, request: SubmitRequest): Promise<Response> {
  const { run, created } = await call.engine.submit(request);
  return json(run, 202, {
    location: `/v1/runs/${run.id}`,
    ...(!created && { 'idempotent-replay': 'true' }),
  });
}

/** The engine sees the id that the key stands for; the caller thinks in keys. */
function inWordsOfKeys(error: unknown): unknown {
  if (!(error instanceof Problem) || error.code !== 'run-exists') return error;
  return new Problem('key-reused', 'this Idempotency-Key came before with another body');
}

export async function submit(call: Call): Promise<Response> {
  const request = call.submit ?? parseSubmit(call.body);
  const key = keyOf(call.request);
  if (key === undefined) return answer(call, request);
  if (request.id !== undefined) {
    throw new Problem('body-invalid', 'give an Idempotency-Key or an id, not both', [
      { pointer: '/id', message: 'stands beside an Idempotency-Key' },
    ]);
  }
  try {
    return await answer(call, { ...request, id: idOfKey(key) });
  } catch (error) {
    throw inWordsOfKeys(error);
  }
}

/** `PUT`: the id is in the path. */
export async function submitAs(call: Call): Promise<Response> {
  const id = call.param('id');
  if (!ulidPattern.test(id)) {
    throw new Problem(
      'body-invalid',
      `${id.slice(0, 64)} is not a ULID (26 characters, upper case)`,
    );
  }
  const request = call.submit ?? parseSubmit(call.body);
  if (request.id !== undefined && request.id !== id) {
    throw new Problem('body-invalid', 'the id in the body is not the one in the path', [
      { pointer: '/id', message: `expected ${id}, or nothing` },
    ]);
  }
  return answer(call, { ...request, id });
}

export async function submitMany(call: Call): Promise<Response> {
  const request = parseSubmitMany(call.body);
  const key = keyOf(call.request);
  if (key === undefined) return json(await call.engine.submitMany(request), 202);
  const runs = request.runs.map((run, part) => ({ ...run, id: run.id ?? idOfKey(key, part) }));
  try {
    return json(await call.engine.submitMany({ ...request, runs }), 202);
  } catch (error) {
    throw inWordsOfKeys(error);
  }
}
