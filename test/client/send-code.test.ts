import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterEach, expect, test } from '@jest/globals';
import { Client } from '../../src/client/client.ts';

const bytes = new Uint8Array(randomBytes(1000));
const blob = createHash('sha256').update(bytes).digest('hex');

let server: Server;
afterEach(() => void server.close());

interface Asked {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** A server that answers each call by these, one after another. */
async function serving(
  answers: (place: string) => readonly (readonly [status: number, body: unknown])[],
): Promise<{ readonly client: Client; readonly asked: Asked[] }> {
  const asked: Asked[] = [];
  server = createServer(async (request, response) => {
    const { method, url, headers } = request;
    asked.push({ method, url, headers, body: await buffer(request) });
    const [status, body] = answers(place)[asked.length - 1] ?? [500, {}];
    response.writeHead(status).end(body === undefined ? '' : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const place = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { client: new Client({ url: place, sleep: async () => {} }), asked };
}

const callsOf = (asked: readonly Asked[]) => asked.map(({ method, url }) => `${method} ${url}`);

test('code that is there already is not sent', async () => {
  const { client, asked } = await serving(() => [[200, { there: true }]]);
  expect(await client.sendCode(bytes)).toEqual({ blob, size: 1000 });
  expect(callsOf(asked)).toEqual(['POST /v1/code']);
  expect(JSON.parse(String(asked[0]?.body))).toEqual({ blob, size: 1000 });
});

test('without another address it is put to the server itself', async () => {
  const { client, asked } = await serving(() => [
    [200, { there: false }],
    [201, { blob }],
  ]);
  await client.sendCode(bytes);
  expect(callsOf(asked)).toEqual(['POST /v1/code', `PUT /v1/code/${blob}`]);
  expect(Buffer.compare(asked[1]?.body as Buffer, bytes)).toBe(0);
});

test('it is put where the server says, with the headers that it says', async () => {
  const { client, asked } = await serving((place) => [
    [
      200,
      { there: false, upload: { url: `${place}/bucket/key?signed=1`, headers: { 'x-sum': 's' } } },
    ],
    [200, undefined],
  ]);
  await client.sendCode(bytes);
  expect(callsOf(asked)).toEqual(['POST /v1/code', 'PUT /bucket/key?signed=1']);
  expect(asked[1]?.headers).toMatchObject({ 'x-sum': 's', 'content-length': '1000' });
});

test('a busy server is asked again, a refusal is told at once', async () => {
  const first = await serving(() => [
    [200, { there: false }],
    [503, {}],
    [201, { blob }],
  ]);
  await first.client.sendCode(bytes);
  expect(first.asked).toHaveLength(3);
  server.close();
  const second = await serving(() => [
    [200, { there: false }],
    [400, { why: 'BadDigest' }],
  ]);
  await expect(second.client.sendCode(bytes)).rejects.toThrow(
    'the code could not be sent (400 {"why":"BadDigest"})',
  );
});
