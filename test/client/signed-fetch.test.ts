import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { asksForSignature, signedFetch } from '../../src/client/signed-fetch.ts';

let server: Server;
let url: string;
const seen: { method?: string | undefined; headers: IncomingHttpHeaders; body: string }[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (chunk: Buffer) => parts.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(parts).toString();
      seen.push({ method: request.method, headers: request.headers, body });
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const keys = { accessKeyId: 'AKID', secretAccessKey: 'secret', sessionToken: 'token' };

test('an address of API Gateway asks for signatures, and no other does', () => {
  expect(asksForSignature('https://abc123.execute-api.eu-west-1.amazonaws.com')).toBe(true);
  expect(asksForSignature('http://abc123.execute-api.localhost:4566')).toBe(true);
  expect(asksForSignature('http://127.0.0.1:7420')).toBe(false);
  expect(asksForSignature('https://tasks.example.org/execute-api')).toBe(false);
});

test('each request is signed for its region, with its body and headers as they were', async () => {
  let asked = 0;
  const signed = signedFetch(url, 'eu-west-1', async () => {
    asked++;
    return keys;
  });
  for (const body of ['{"a":1}', '{"a":2}'])
    await signed(new URL('/v1/runs', url), {
      method: 'POST',
      headers: { accept: 'application/json', 'content-type': 'application/json' },
      body,
    });
  await signed(new URL('/v1/runs?limit=1', url), { method: 'GET' });
  expect(asked).toBe(1);
  expect(seen.map(({ method, body }) => [method, body])).toEqual([
    ['POST', '{"a":1}'],
    ['POST', '{"a":2}'],
    ['GET', ''],
  ]);
  for (const { headers } of seen) {
    expect(headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/eu-west-1\/execute-api\/aws4_request, /,
    );
    expect(headers['x-amz-security-token']).toBe('token');
  }
  expect(seen[0]?.headers['content-type']).toBe('application/json');
});

test('without credentials nothing is sent', async () => {
  const before = seen.length;
  const signed = signedFetch(url, undefined, () => Promise.reject(new Error('none')));
  await expect(signed(new URL('/v1/runs', url))).rejects.toThrow('none');
  expect(seen).toHaveLength(before);
});
