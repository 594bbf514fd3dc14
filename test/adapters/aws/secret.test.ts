import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { keptToken } from '../../../functions/shared/provisioner.ts';
import { poolClients } from '../../../src/adapters/aws/pool-clients.ts';
import { secretText } from '../../../src/adapters/aws/secret.ts';
import { Unavailable } from '../../../src/ports/table.ts';
import { nowhere, quickPatience } from '../../support/aws-stub.ts';

const arn = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:machines-AbCdEf';
const asked: unknown[] = [];
let answers: [status: number, body: unknown][] = [];
const server = createServer(async (request, response) => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const { authorization = '', 'x-amz-target': target } = request.headers;
  asked.push([target, /^AWS4-HMAC-SHA256 .*\/secretsmanager\//.test(authorization)]);
  expect(JSON.parse(Buffer.concat(parts).toString())).toEqual({ SecretId: arn });
  const [status, body] = answers.shift() ?? [500, {}];
  response.writeHead(status).end(JSON.stringify(body));
});
let read: () => Promise<string>;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { ecs } = poolClients({ ...nowhere, endpoint });
  read = () => secretText(ecs, { ...quickPatience(), triesMax: 3 }, arn);
});
afterAll(() => void server.close().closeAllConnections());

test('a secret is read by a signed request', async () => {
  answers = [[200, { SecretString: 'abc' }]];
  expect(await read()).toBe('abc');
  expect(asked.at(-1)).toEqual(['secretsmanager.GetSecretValue', true]);
});

test('one that is not there, or that we may not read, is told of with its name', async () => {
  answers = [[400, { __type: 'ResourceNotFoundException', message: 'no such secret' }]];
  await expect(read()).rejects.toThrow(
    `the secret ${arn} cannot be read: ResourceNotFoundException: no such secret`,
  );
  answers = [[200, { SecretBinary: 'AAAA' }]];
  await expect(read()).rejects.toThrow('it holds no text');
});

test('who cannot answer now is asked again, and given up on as unavailable', async () => {
  answers = [
    [500, {}],
    [200, { SecretString: 'abc' }],
  ];
  await expect(read().catch((error: Error) => error)).resolves.toEqual('abc');
  answers = [];
  await expect(read()).rejects.toThrow(Unavailable);
});

test('a token is read once, and again when it is refused', async () => {
  let reads = 0;
  const token = keptToken(async () => `t${++reads}`);
  expect([await token(), await token()]).toEqual(['t1', 't1']);
  expect(await token('t1')).toBe('t2');
  // Refused elsewhere in the meantime: what is kept is newer.
  expect(await token('t1')).toBe('t2');
});
