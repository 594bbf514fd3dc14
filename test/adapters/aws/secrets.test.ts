import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { poolClients } from '../../../src/adapters/aws/pool-clients.ts';
import { awsSecrets } from '../../../src/adapters/aws/secrets.ts';
import type { Secrets } from '../../../src/ports/secrets.ts';
import { Unavailable } from '../../../src/ports/table.ts';
import { nowhere, quickPatience } from '../../support/aws-stub.ts';

/** What each service holds by name, and what it was asked. */
const managed = new Map<string, string>();
const parameters = new Map<string, string>();
let asked: string[] = [];
let isDown = false;
const server = createServer(async (request, response) => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const { SecretId, Name, WithDecryption } = JSON.parse(Buffer.concat(parts).toString());
  const isSecret = request.headers['x-amz-target'] === 'secretsmanager.GetSecretValue';
  asked.push(isSecret ? SecretId : Name);
  const found = isSecret ? managed.get(SecretId) : parameters.get(WithDecryption ? Name : '');
  const missing = isSecret ? 'ResourceNotFoundException' : 'ParameterNotFound';
  const answer = isSecret ? { SecretString: found } : { Parameter: { Value: found } };
  const status = isDown ? 503 : found === undefined ? 400 : 200;
  response.writeHead(status).end(JSON.stringify(status === 200 ? answer : { __type: missing }));
});
let client: ReturnType<typeof poolClients>['ecs'];
let now = 0;
let secrets: Secrets;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = poolClients({ ...nowhere, endpoint }).ecs;
});
beforeEach(() => {
  asked = [];
  isDown = false;
  const patience = { ...quickPatience(), triesMax: 2 };
  secrets = awsSecrets({ client, patience, clock: { now: () => now }, namespace: 'main' });
});
afterAll(() => void server.close().closeAllConnections());

test('a secret is looked for in Secrets Manager, then in Parameter Store', async () => {
  managed.set('fanfold/main/a', 'of the manager');
  parameters.set('/fanfold/main/b', 'of the store');
  expect(await secrets.read('a')).toBe('of the manager');
  expect(await secrets.read('b')).toBe('of the store');
  expect(await secrets.read('c')).toBeUndefined();
  const [a, b, c] = ['fanfold/main/a', 'fanfold/main/b', 'fanfold/main/c'];
  expect(asked).toEqual([a, b, `/${b}`, c, `/${c}`]);
});

test('what was read is asked for again after a minute, what was not there at once', async () => {
  managed.set('fanfold/main/a', 'old');
  expect(await Promise.all([secrets.read('a'), secrets.read('a')])).toEqual(['old', 'old']);
  expect(asked).toHaveLength(1);
  managed.set('fanfold/main/a', 'new');
  now += 59_999;
  expect(await secrets.read('a')).toBe('old');
  now += 1;
  expect(await secrets.read('a')).toBe('new');
  expect(await secrets.read('d')).toBeUndefined();
  managed.set('fanfold/main/d', 'there now');
  expect(await secrets.read('d')).toBe('there now');
});

test('who cannot answer now is unavailable, so that an attempt does not fail for it', async () => {
  isDown = true;
  await expect(secrets.read('a')).rejects.toThrow(Unavailable);
  isDown = false;
  expect(await secrets.read('a')).toBe('new');
});
