/** Routes of secrets: they are set and removed; no answer holds a value. */
import { Problem } from '../contract/problem.ts';
import { SecretName, SecretRequest } from '../contract/secrets.ts';
import type { SecretStore } from '../ports/secrets.ts';
import { row } from './access-row.ts';
import { parseWith } from './problem-response.ts';
import { type Call, json, type Route } from './route.ts';

function storeOf({ secrets }: Call): SecretStore {
  if (secrets !== undefined) return secrets;
  throw new Problem(
    'route-unknown',
    'this server keeps no secrets: its runners read them from Secrets Manager or Parameter Store',
  );
}

function nameOf(call: Call): string {
  const parsed = SecretName.safeParse(call.param('name'));
  if (parsed.success) return parsed.data;
  throw new Problem('secret-invalid', parsed.error.issues[0]?.message ?? 'no name');
}

async function set(call: Call): Promise<Response> {
  const name = nameOf(call);
  const { value } = parseWith(SecretRequest, call.body, 'the body');
  return json(await storeOf(call).set(name, value));
}

async function remove(call: Call): Promise<Response> {
  const name = nameOf(call);
  if (!(await storeOf(call).remove(name)))
    throw new Problem('secret-unknown', `there is no secret ${name}`);
  return json({});
}

export const secretRoutes: readonly Route[] = [
  row({
    op: 'listSecrets',
    right: 'author',
    method: 'GET',
    path: '/v1/secrets',
    summary: 'The names of secrets, and when each was set. No value is ever told.',
    answer: 'PageOfSecretView',
    handle: async (call) => json({ items: await storeOf(call).list(), next: null }),
  }),
  row({
    op: 'putSecret',
    right: 'author',
    method: 'PUT',
    path: '/v1/secrets/:name',
    summary: 'Sets a secret. Attempts that start from then on get the new value.',
    body: ['SecretRequest', SecretRequest],
    answer: 'SecretView',
    handle: set,
  }),
  row({
    op: 'deleteSecret',
    right: 'author',
    method: 'DELETE',
    path: '/v1/secrets/:name',
    summary: 'Removes a secret. Attempts that name it fail from then on.',
    answer: 'Nothing',
    handle: remove,
  }),
];
